"""Bursts on AWS Batch: capacity through ``minvCpus``, never through the engine, so that a burst leaves no drift.

Between bursts the queue is closed and the environments are at zero: nothing that is submitted without a lease starts
a machine. Batch makes environments enabled only; the end of a burst disables them as well.
https://docs.aws.amazon.com/batch/latest/APIReference/API_CreateComputeEnvironment.html
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from tideform.burst.batch_jobs import BatchJobs
from tideform.burst.brakes import Brake, Kind
from tideform.burst.budget_brake import budget_brakes
from tideform.burst.halt import Halt, now_and_then
from tideform.burst.lease import Lease
from tideform.burst.reaper import batch_rungs as rungs
from tideform.burst.reaper import instances
from tideform.burst.reaper.base import Node
from tideform.burst.reaper.claims import Claim
from tideform.burst.reaper.endings import batch as ending
from tideform.burst.reaper_brake import idle_brake, reaper_brake
from tideform.burst.runner import Instance, Job, OnLog, Work, cloud_errors
from tideform.burst.sizing import Sizing, sizing
from tideform.burst.table import LeaseTable
from tideform.catalogue.training._names import PoolNames
from tideform.catalogue.training.base import backends
from tideform.cloud import Cloud
from tideform.components.batch_size import can_be_defined
from tideform.components.purchase import quota_in
from tideform.errors import CloudError, RefusedError, TideformError
from tideform.spec.deployment import Deployment


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


@dataclass
class BatchRunner:
    """One pool on AWS Batch."""

    cloud: Cloud
    deployment: Deployment
    pool: str
    pace: Pace
    _let_go: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        names = PoolNames(self.deployment, self.pool)
        self.handle = backends()["batch"].handle(self.deployment, self.pool)
        self._jobs = BatchJobs(self.cloud, self.pool, names, self.handle, self.pace.poll)

    def brakes(self) -> tuple[Brake, ...]:
        """The reaper ends everything; the job time-out bounds a job, from each of its attempts' start."""
        return (
            reaper_brake(self.cloud, self.deployment, self.pool),
            idle_brake(self.deployment, self.pool),
            Brake(
                "job time-out",
                Kind.BOUNDING,
                "Batch ends each attempt of a job when its lease would be over",
                self._jobs.missing_timeout,
            ),
            *budget_brakes(self.cloud, self.deployment),
        )

    def check(self, work: Work) -> None:
        """Raises `RefusedError` TD635 where Batch does not take what a job is told: before anything is started."""
        for own in work.array or ({},):
            one = replace(work, environment={**work.environment, **own})
            if not can_be_defined({"command": list(work.command), "environment": dict(one.environment)}):
                raise _too_long(self.pool)

    def up(self, lease: Lease, halt: Halt) -> None:
        """Raise one environment after the other until one has brought the instances (spot, then on-demand)."""
        size = sizing(self.deployment.spec.training[self.pool])
        with cloud_errors(f"capacity of {self.pool} was brought in"):
            environments = ending.environments(self.cloud, self.handle)
            if not environments:
                raise _not_applied(self.pool)
            usable, reasons = ending.usable(self.cloud, self.handle, environments, self.cloud.clock())
            for environment in environments:
                self._settle(environment, halt)
            rungs.arrange(self.cloud, self.handle, environments, usable, self._claim(lease))
            while not ending.set_queue(self.cloud, self.handle, "ENABLED"):  # one that is just being closed opens later
                halt.pause(self.pace.poll)
            reasons += self._climb(usable, size, lease, halt)
            machines = [instance.id for instance in self.capacity()]
            if len(machines) < size.nodes:
                raise _no_capacity(self.pool, size, [r for r in reasons if r])
            instances.tell_lease(self.cloud, machines, self._claim(lease))

    def run(self, lease: Lease, work: Work, on_log: OnLog, halt: Halt) -> int:
        """Submit one job, follow its log, and return its exit code."""
        with cloud_errors(f"a job ran on {self.pool}"):
            halt.limits.append(now_and_then(self._tend, time.monotonic))
            machines = sizing(self.deployment.spec.training[self.pool]).most_nodes
            return self._jobs.run(lease, work, on_log, halt, rest=lease.rest(self.cloud.clock()), machines=machines)

    def end_jobs(self, lease: Lease | None) -> None:
        """Terminate the unfinished jobs of one lease, or all."""
        with cloud_errors(f"jobs on {self.pool} were ended"):
            for job in self._jobs.unfinished():
                if lease is None or job.lease == lease.id:
                    ending.terminate(self.cloud, job.id)

    def down(self) -> bool:
        """End the jobs, hold every environment at zero, and end what lingers: Batch lets idle machines go by itself."""
        self._let_go = self._let_go or time.monotonic()
        with cloud_errors(f"capacity of {self.pool} was taken away"):
            lingers = time.monotonic() - self._let_go > self.pace.linger
            return ending.stop(self.cloud, self.handle, machines=lingers)

    def capacity(self) -> tuple[Instance, ...]:
        """The pool's instances by their tags, which Batch takes from the compute environment."""
        with cloud_errors(f"instances of {self.pool} were counted"):
            return tuple(map(_instance, instances.standing(ending.nodes(self.cloud, self.handle))))

    def jobs(self) -> tuple[Job, ...]:
        """The jobs in the pool's queue that have not finished."""
        with cloud_errors(f"jobs on {self.pool} were listed"):
            return self._jobs.unfinished()

    def _claim(self, lease: Lease) -> Claim:
        return LeaseTable.of(self.cloud, self.deployment).claim(lease, self.cloud.clock())

    def _climb(self, environments: list[dict[str, Any]], size: Sizing, lease: Lease, halt: Halt) -> list[str]:
        """Ask one environment after the other; why those before it brought nothing. A quota ends it."""
        reasons: list[str] = []
        for environment in environments:
            reasons.append(self._try(environment, size, lease, halt))
            if quota_in(reasons[-1]):
                break
        return reasons

    def _try(self, environment: dict[str, Any], size: Sizing, lease: Lease, halt: Halt) -> str:
        """Ask one environment for what is missing. Returns why it did not come, or nothing."""
        if self._enough(size):
            return ""
        self._settle(environment, halt)
        all_ = ending.environments(self.cloud, self.handle)
        missing = max(0, size.nodes - len(self._there())) * size.vcpus // size.nodes
        tags = ending.whose(self._now(environment), self._claim(lease))
        rungs.open_up(self.cloud, self.handle, environment, all_, wanted=missing, tags=tags)
        deadline = time.monotonic() + self.pace.start
        while not self._enough(size):
            halt.check()
            if (why := self._problem(environment)) or time.monotonic() > deadline:
                self._leave(environment, halt)
                return why or f"{environment['computeEnvironmentName']}: nothing came in {self.pace.start:.0f} s"
            halt.wait(self.pace.poll)
        return ""

    def _leave(self, environment: dict[str, Any], halt: Halt) -> None:
        """Shut it, and see that it holds nothing but what is reserved, before another one is asked."""
        self._settle(environment, halt)
        rungs.leave(self.cloud, self.handle, environment)
        self._settle(environment, halt)
        while not rungs.reserved(self.handle, environment) and (
            late := rungs.held(self.cloud, self.handle, environment)
        ):
            halt.check()
            instances.end(self.cloud, late)
            halt.wait(self.pace.poll)

    def _enough(self, size: Sizing) -> bool:
        """Whether the machines are there or on their way; those that came late in an environment that was left go."""
        late = rungs.strays(self.cloud, self.handle, ending.environments(self.cloud, self.handle))
        instances.end(self.cloud, late)
        return len(self._there()) - len(late) >= size.nodes

    def _there(self) -> list[Node]:
        return [node for node in ending.nodes(self.cloud, self.handle) if node.state in ("pending", "running")]

    def _tend(self) -> None:
        """What fails here, the reaper does at its next round."""
        with suppress(CloudError), cloud_errors(f"the environments of {self.pool} were looked at"):
            rungs.tend(self.cloud, self.handle, self.cloud.clock())

    def _problem(self, environment: dict[str, Any]) -> str:
        """Why an environment will not bring what it was asked for; empty while it may."""
        now = self._now(environment)
        reason = str(now.get("statusReason") or "")
        hopeless = now["status"] == "INVALID" or reason.startswith(rungs.LACKS) or quota_in(reason)
        return f"{_name(now)}: {reason or 'invalid'}" if hopeless else ""

    def _now(self, environment: dict[str, Any]) -> dict[str, Any]:
        return ending.environment_now(self.cloud, self.handle, environment)

    def _settle(self, environment: dict[str, Any], halt: Halt) -> None:
        """Wait until Batch is done with the last change: it refuses another one before that."""
        deadline = time.monotonic() + self.pace.start
        while self._now(environment)["status"] in ending.BUSY and time.monotonic() < deadline:
            halt.check()
            halt.wait(self.pace.poll)


def _name(environment: dict[str, Any]) -> str:
    return str(environment["computeEnvironmentName"])


def _instance(node: Node) -> Instance:
    return Instance(node.id, node.type, node.state, node.spot, node.launched, node.reservation)


def _not_applied(pool: str) -> TideformError:
    return RefusedError.of(
        "TD603",
        "The pool is not applied",
        detail=f"There is no job queue for {pool}.",
        fix="Run `tideform apply` first.",
    )


def _too_long(pool: str) -> TideformError:
    return RefusedError.of(
        "TD635",
        "The job is told too much",
        detail=f"The command and the variables of a job of {pool} are longer than AWS Batch takes (24 KiB in all).",
        fix="Put long values into a file of job.code, or into a store.",
    )


def _no_capacity(pool: str, size: Sizing, reasons: list[str]) -> TideformError:
    quota = any(map(quota_in, reasons))
    fix = "Allow more instance types or `fallback: on_demand`, or try again later."
    return RefusedError.of(
        "TD606",
        "The capacity did not come",
        detail=f"{pool} asked for {size.nodes} of {' or '.join(size.types)}. " + "; ".join(reasons),
        fix="Ask AWS for a higher quota (Service Quotas, Amazon EC2); no other way of buying was tried."
        if quota
        else fix,
    )
