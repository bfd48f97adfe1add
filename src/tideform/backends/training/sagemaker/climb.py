"""One training job on its way down the ladder: started, followed with its log, and tried again on the next rung.

A rung is a type of machine on spot or on demand. The next one is tried where the machines do not come; a quota that is
used up is no matter of machines, and ends the climb with the reason.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tideform.backends.training.sagemaker.in_account import ending
from tideform.backends.training.sagemaker.in_account.history import own_code
from tideform.backends.training.sagemaker.in_account.states import NO_MACHINES
from tideform.backends.training.sagemaker.names import LOG_GROUP, SHORTEST_ON_DEMAND, Purchase
from tideform.backends.training.sagemaker.request import JobOrder, request
from tideform.burst.halt import Halt, Say, silent
from tideform.burst.log_stream import LogTail
from tideform.burst.runner import OnLog
from tideform.burst.waiting import Waiting
from tideform.cloud import Cloud
from tideform.errors import RefusedError, TideformError
from tideform.reaper.reserved import look
from tideform.words import counted

_REFUSED = ("CapacityError", "InsufficientInstanceCapacity", "InsufficientCapacity")


@dataclass(frozen=True)
class Patience:
    """How often to look, and how long machines may take to come where there is another rung to try; in seconds."""

    poll: float
    start: float


@dataclass
class Climb:
    """One job of a burst. ``rest`` tells what is left of its lease, in seconds; ``clear`` makes room for a request."""

    cloud: Cloud
    order: JobOrder
    ladder: tuple[tuple[Purchase, str], ...]
    patience: Patience
    rest: Callable[[], int]
    clear: Callable[[Mapping[str, Any]], None]
    on_log: OnLog
    say: Say = silent
    _rung: int = field(default=-1, init=False)
    _name: str = field(default="", init=False)
    _tails: dict[str, LogTail] = field(default_factory=dict, init=False)
    _reasons: list[str] = field(default_factory=list, init=False)
    _told: int = field(default=0, init=False)
    _waiting: float | None = field(default=None, init=False)
    _leaving: str = field(default="", init=False)
    _telling: Waiting = field(init=False)

    def __post_init__(self) -> None:
        self._telling = Waiting(self.say)

    def start(self) -> None:
        """Start the job on the next rung. Raises `RefusedError`: TD606 where there is none, TD655 for a quota."""
        self._rung += 1
        while self._rung < len(self.ladder) and not self._fits():
            self._rung += 1
        if self._rung >= len(self.ladder):
            raise _no_capacity(self.order.pool, self._reasons)
        purchase, kind = self.ladder[self._rung]
        wanted = request(self.order, self._rung, purchase, kind, self.rest())
        self._name, self._told, self._waiting, self._leaving = wanted["TrainingJobName"], 0, None, ""
        self.clear(wanted)
        self._create(wanted, purchase, kind)
        self.say(f"Training job {self._name}: {self.order.work.nodes} of {kind}, {purchase}.")

    def look(self, halt: Halt) -> int | None:
        """Follow the job; its exit code once it is over. Raises `RefusedError` TD612 where it never ran to an end."""
        job = ending.describe(self.cloud, self._name)
        self._tell(job)
        self._follow()
        if job["TrainingJobStatus"] in ending.RUNNING:
            self._mind_the_wait(job)
            return None
        why = self._no_machines(job)
        if why:
            self._reasons.append(f"{self.ladder[self._rung][1]} ({self.ladder[self._rung][0]}): {why}")
            self.say(f"{self._name} got no machines, {self._reasons[-1].rstrip('.')}. The next of the ladder is tried.")
            self.start()
            return None
        for tail in self._tails.values():
            tail.finish(halt, self.patience.poll)
        return _exit_code(job)

    def _fits(self) -> bool:
        """Whether enough of the lease is left for this rung: what may be waited is held back from the run.

        A training plan has to have machines now: SageMaker puts no bound on waiting for a plan's beginning.
        """
        purchase, kind = self.ladder[self._rung]
        if purchase == "training plan" and (why := self._closed()):
            self._reasons.append(f"{kind} (training plan): {why}")
            return False
        if purchase == "spot" or self.rest() >= SHORTEST_ON_DEMAND:
            return True
        self._reasons.append(f"{kind} (on-demand): {counted(int(self.rest() // 60), 'minute')} of the lease: too short")
        return False

    def _closed(self) -> str:
        plans = self.order.deployment.spec.training[self.order.pool].capacity.blocks
        (plan,) = look(self.cloud, plans, {})
        return plan.closed(self.cloud.clock(), self.order.work.nodes)

    def _create(self, wanted: dict[str, Any], purchase: Purchase, kind: str) -> None:
        """A name that is taken is this very job, which another attempt has started."""
        from botocore.exceptions import ClientError

        try:
            self.cloud.client("sagemaker").create_training_job(**wanted)
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
            if code == "ResourceLimitExceeded":
                raise _quota(self.order.pool, purchase, kind, message) from error
            if code != "ResourceInUse":
                raise

    def _tell(self, job: dict[str, Any]) -> None:
        """Say each new stage in SageMaker's own words."""
        steps = job.get("SecondaryStatusTransitions") or []
        for step in steps[self._told :]:
            message = step.get("StatusMessage", "")
            self.say(f"{self._name}: {step['Status']}{': ' if message else ''}{message}")
        self._told = len(steps)

    def _mind_the_wait(self, job: dict[str, Any]) -> None:
        """Stop waiting for machines after a while, if there is something else to try."""
        if job["SecondaryStatus"] not in NO_MACHINES:
            self._waiting = None
            self._telling.on("")
            return
        purchase, kind = self.ladder[self._rung]
        self._telling.on(f"{self._name} waits for {self.order.work.nodes} of {kind}, {purchase}.")
        self._waiting = self._waiting or time.monotonic()
        waited = time.monotonic() - self._waiting
        if waited > self.patience.start and self._rung + 1 < len(self.ladder) and not self._leaving:
            self._leaving = f"no machines came in {self.patience.start:.0f} s"
            ending.stop_job(self.cloud, job)

    def _no_machines(self, job: dict[str, Any]) -> str:
        """Why the job never got (or got back) its machines; empty where that is not why it ended."""
        reason = str(job.get("FailureReason", ""))
        if job["TrainingJobStatus"] == "Failed" and reason.startswith(_REFUSED):
            return reason
        return self._leaving if job["TrainingJobStatus"] == "Stopped" else ""

    def _follow(self) -> None:
        """Hand on what is new of each instance's log; a restarted instance has another stream."""
        logs = self.cloud.client("logs")
        try:
            pages = logs.get_paginator("describe_log_streams").paginate(
                logGroupName=LOG_GROUP, logStreamNamePrefix=f"{self._name}/"
            )
            streams = sorted(stream["logStreamName"] for page in pages for stream in page["logStreams"])
        except logs.exceptions.ResourceNotFoundException:  # the account's first job makes the group
            return
        options = {"logConfiguration": {"options": {"awslogs-group": LOG_GROUP}}}
        for stream in streams:
            tail = self._tails.setdefault(stream, LogTail(self.cloud, self._teller(stream)))
            tail.follow({**options, "logStreamName": stream})

    def _teller(self, stream: str) -> OnLog:
        """Lines of several nodes, or of several jobs, say whose they are."""
        host = stream.partition("/")[2].rpartition("-")[0]
        parts = [str(self.order.index)] if self.order.own is not None else []
        parts += [host] if self.order.work.nodes > 1 else []
        start = f"[{' '.join(parts)}] " if parts else ""
        return lambda line: self.on_log(f"{start}{line}")


def _exit_code(job: dict[str, Any]) -> int:
    """``AlgorithmError: , exit code: 7`` is the command's own; what ended otherwise never ran to an end."""
    if job["TrainingJobStatus"] == "Completed":
        return 0
    if job["TrainingJobStatus"] == "Failed" and (code := own_code(job)) is not None:
        return code
    reason = str(job.get("FailureReason", ""))
    raise RefusedError.of(
        "TD612",
        "The job did not run to its end",
        detail=f"SageMaker says: {reason or job['SecondaryStatus']}.",
        fix="Look at the job's image, command and lease.",
    )


def _quota(pool: str, purchase: Purchase, kind: str, message: str) -> TideformError:
    return RefusedError.of(
        "TD655",
        "A quota is used up",
        detail=f"{pool} asked SageMaker for {kind} ({purchase}), and the account may not have more: {message}",
        fix="Ask AWS for a higher quota of training jobs on this type, or name another type first.",
    )


def _no_capacity(pool: str, reasons: list[str]) -> TideformError:
    return RefusedError.of(
        "TD606",
        "The capacity did not come",
        detail=f"Nothing on the ladder of {pool} brought machines. " + "; ".join(reasons),
        fix="Allow more instance types or `fallback: on_demand`, raise the account's quota, or try again later.",
    )
