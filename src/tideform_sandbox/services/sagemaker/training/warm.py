"""Warm pools: the machines that a job leaves behind, for the next one like it.

https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools.html
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from tideform_sandbox.services.sagemaker.training.job import TrainingJob, Warm
from tideform_sandbox.services.sagemaker.training.machines import Machines
from tideform_sandbox.world import World

_ALIKE = ("RoleArn", "VpcConfig", "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption")


class WarmPools:
    """The warm pools of one region; ``lock`` is the plane's."""

    def __init__(self, world: World, machines: Machines, lock: threading.RLock) -> None:
        self._world, self._machines, self._lock = world, machines, lock

    def keep(self, job: TrainingJob, now: float) -> None:
        """A job has ended: its machines stay, and cost."""
        job.warm = Warm(now, now + job.keep_alive)
        self._machines.enter(job, f"{job.name}/warm", now, is_spot=False)
        self._expire_at(job, job.warm.until)

    def update(self, job: TrainingJob, seconds: float) -> None:
        """Keep a pool for so long from its beginning on; for no time at all: let it go now."""
        now = self._world.clock.now()
        job.request["ResourceConfig"]["KeepAlivePeriodInSeconds"] = int(seconds)
        if job.warm is not None and job.warm.status == "Available":
            job.warm.until = job.warm.since + seconds
            if job.warm.until <= now:
                self._end(job, "Terminated", now)
            else:
                self._expire_at(job, job.warm.until)

    def reuse(self, job: TrainingJob, jobs: Iterable[TrainingJob], now: float) -> bool:
        """Whether a pool like this job wants was there; it is this job's now."""
        if not job.keep_alive:
            return False
        for other in jobs:
            if other.warm is not None and other.warm.status == "Available" and _alike(job, other):
                other.warm.reused_by = job.name
                self._end(other, "Reused", now)
                return True
        return False

    def _expire_at(self, job: TrainingJob, when: float) -> None:
        self._world.timeline.at(when, f"sagemaker/{job.arn}/warm", lambda due: self._expired(job, due))

    def _expired(self, job: TrainingJob, due: float) -> None:
        with self._lock:
            if job.warm is not None and job.warm.status == "Available":
                self._end(job, "Terminated", due)

    def _end(self, job: TrainingJob, status: str, now: float) -> None:
        if job.warm is not None:
            job.warm.status, job.warm.ended, job.modified = status, now, now
            self._world.ledger.end(f"{job.name}/warm", now)
            self._world.timeline.cancel(f"sagemaker/{job.arn}/warm")


def _alike(one: TrainingJob, other: TrainingJob) -> bool:
    same = all(one.request.get(member) == other.request.get(member) for member in _ALIKE)
    return same and (one.kind, one.count) == (other.kind, other.count)
