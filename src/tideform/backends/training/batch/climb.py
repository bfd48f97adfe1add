"""Down the ladder of a Batch pool until its smallest capacity is there: one compute environment after the other.

Each says whose its machines will be before it may have any.
https://docs.aws.amazon.com/batch/latest/APIReference/API_UpdateComputeEnvironment.html
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tideform.backends.training.batch.in_account import ending, rungs
from tideform.burst.halt import Halt
from tideform.burst.sizing import Sizing
from tideform.burst.waiting import Waiting
from tideform.cloud import Cloud
from tideform.pools.purchase import quota_in
from tideform.reaper import instances
from tideform.reaper.base import Handle, Node
from tideform.reaper.claims import Claim
from tideform.spec.deployment import Deployment
from tideform.words import counted

Environment = dict[str, Any]


@dataclass(frozen=True)
class Pace:
    """How often to look, and how patient to be, in seconds.

    ``start`` is how long one compute environment may take to bring its instances, ``linger`` how long they may stay
    after they were let go before they are ended by hand.
    """

    poll: float = 5.0
    start: float = 600.0
    linger: float = 120.0

    @classmethod
    def of(cls, deployment: Deployment) -> Pace:
        """The sandbox answers at once; AWS throttles those who ask too often."""
        return cls(poll=0.2, start=30.0, linger=5.0) if deployment.target == "local" else cls()


@dataclass(frozen=True)
class Climb:
    """One attempt to have ``size``; ``claim`` says in whose name, and raises where that no longer counts."""

    cloud: Cloud
    handle: Handle
    pace: Pace
    size: Sizing
    claim: Callable[[], Claim]
    halt: Halt

    def arrange(self, all_: list[Environment], usable: list[Environment]) -> None:
        """Every environment says whose its machines will be before any may have some."""
        for environment in all_:
            self._settle(environment)
        rungs.arrange(self.cloud, all_, usable, self.claim())
        for environment in all_:
            self._settle(environment)
        if usable and not self._unnamed(usable[0]):
            rungs.open_up(self.cloud, self.handle, usable[0], ending.environments(self.cloud, self.handle))

    def open_queue(self) -> None:
        """One that is just being closed opens later."""
        waiting = Waiting(self.halt.say)
        while not ending.set_queue(self.cloud, self.handle, "ENABLED"):
            waiting.on(f"Waiting for the job queue {self.handle['job_queue']} to open: Batch is changing it.")
            self.halt.pause(self.pace.poll)

    def climb(self, environments: list[Environment]) -> list[str]:
        """Ask one environment after the other; why those before it brought nothing. A quota ends it."""
        reasons: list[str] = []
        for environment in environments:
            reasons.append(why := self._try(environment))
            if quota_in(why):
                break
            if why and environment is not environments[-1]:
                self.halt.say(f"{why}. The next way of buying is tried.")
        return reasons

    def _try(self, environment: Environment) -> str:
        """Ask one environment for what is missing. Returns why it did not come, or nothing."""
        if self._enough():
            return ""
        self._settle(environment)
        if why := self._unnamed(environment):
            return why
        all_ = ending.environments(self.cloud, self.handle)
        missing = max(0, self.size.nodes - len(self._there())) * self.size.vcpus // self.size.nodes
        rungs.open_up(self.cloud, self.handle, environment, all_, wanted=missing)
        return self._come(environment)

    def _come(self, environment: Environment) -> str:
        """Wait for its machines; it is left where they do not come."""
        deadline, waiting = time.monotonic() + self.pace.start, Waiting(self.halt.say)
        while not self._enough():
            self.halt.check()
            if (why := self._problem(environment)) or time.monotonic() > deadline:
                self._leave(environment)
                return why or f"{environment['computeEnvironmentName']}: nothing came in {self.pace.start:.0f} s"
            waiting.on(f"Waiting for {self.size.words} of {_name(environment)}: {len(self._there())} there or coming.")
            self.halt.wait(self.pace.poll)
        return ""

    def _leave(self, environment: Environment) -> None:
        """Shut it, and see that it holds nothing but what is reserved, before another one is asked."""
        self._settle(environment)
        rungs.leave(self.cloud, self.handle, environment)
        self._settle(environment)
        waiting = Waiting(self.halt.say)
        while not rungs.reserved(self.handle, environment) and (
            late := rungs.held(self.cloud, self.handle, environment)
        ):
            self.halt.check()
            instances.end(self.cloud, late)
            waiting.on(f"Waiting for what came late in {_name(environment)} to end: {counted(len(late), 'machine')}.")
            self.halt.wait(self.pace.poll)

    def _enough(self) -> bool:
        """Whether the machines are there or on their way; those that came late in an environment that was left go."""
        late = rungs.strays(self.cloud, self.handle, ending.environments(self.cloud, self.handle))
        instances.end(self.cloud, late)
        return len(self._there()) - len(late) >= self.size.nodes

    def _there(self) -> list[Node]:
        return [node for node in ending.nodes(self.cloud, self.handle) if node.state in ("pending", "running")]

    def _unnamed(self, environment: Environment) -> str:
        """Why its machines would not say whose they are; empty where they will."""
        now = self._now(environment)
        if not ending.whose(now, self.claim()):
            return ""
        return f"{_name(now)}: it does not take the tags of the lease ({now.get('statusReason') or now['status']})"

    def _problem(self, environment: Environment) -> str:
        """Why an environment will not bring what it was asked for; empty while it may."""
        now = self._now(environment)
        reason = str(now.get("statusReason") or "")
        hopeless = now["status"] == "INVALID" or reason.startswith(rungs.LACKS) or quota_in(reason)
        return f"{_name(now)}: {reason or 'invalid'}" if hopeless else ""

    def _now(self, environment: Environment) -> Environment:
        return ending.environment_now(self.cloud, self.handle, environment)

    def _settle(self, environment: Environment) -> None:
        """Wait until Batch is done with the last change: it refuses another one before that."""
        deadline, waiting = time.monotonic() + self.pace.start, Waiting(self.halt.say)
        while self._now(environment)["status"] in ending.BUSY and time.monotonic() < deadline:
            self.halt.check()
            waiting.on(f"Waiting for Batch to be done with its last change of {_name(environment)}.")
            self.halt.wait(self.pace.poll)


def _name(environment: Environment) -> str:
    return str(environment["computeEnvironmentName"])
