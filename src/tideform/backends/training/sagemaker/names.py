"""What a pool's training jobs are called, and the times within which SageMaker ends them. Pure.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tideform.pools.purchase import purchases
from tideform.spec.deployment import Deployment
from tideform.spec.training import Pool

Purchase = Literal["training plan", "spot", "on-demand"]
LOG_GROUP = "/aws/sagemaker/TrainingJobs"  # of the whole account; SageMaker takes no other
LONGEST_RUN = 28 * 86400  # seconds
LONGEST_KEEP_ALIVE = 3600
PENDING = 1800  # seconds; SageMaker takes no shorter bound on waiting for on-demand machines
_STOPPING = 240  # seconds from SIGTERM to the uploaded model: 120 s of grace, and about as much for the upload
_LATE = 600  # seconds after the deadline at which nothing may run any more
HELD_BACK = PENDING + _STOPPING - _LATE
SHORTEST_ON_DEMAND = HELD_BACK + 60
_JOB_LIMIT = 63
_SUFFIX = 24  # ``-<lease>-<index>-<rung>``


@dataclass(frozen=True)
class TrainingNames:
    """The names of one pool on SageMaker."""

    deployment: Deployment
    pool: str

    @property
    def unit(self) -> str:
        """A pool that was renamed keeps the names it had."""
        return self.deployment.identity("training", self.pool)

    @property
    def prefix(self) -> str:
        """What the names of its jobs begin with, the hyphen included."""
        return job_prefix(self.deployment, self.unit)

    @property
    def role(self) -> str:
        """The role that its jobs run as."""
        return self.deployment.physical_name(f"{self.unit}-training", limit=64)

    def job(self, lease: str, index: int, rung: int) -> str:
        """One job of a lease: its place in an array, and in the ladder of `rungs`. A retry makes the same name."""
        return f"{self.prefix}{lease}-{index}-{rung}"

    def lease_of(self, job: str) -> str:
        """The lease in a job's name; empty where the name is not one of ours."""
        return job.removeprefix(self.prefix).partition("-")[0] if job.startswith(self.prefix) else ""


def job_prefix(deployment: Deployment, unit: str) -> str:
    """A digest keeps the jobs of pool ``fit`` apart from those of ``fit-2``, though SageMaker looks for parts only."""
    digest = hashlib.sha256(f"{deployment.name}/{unit}".encode()).hexdigest()[:5]
    return f"{deployment.physical_name(unit, limit=_JOB_LIMIT - _SUFFIX - 7)}-{digest}-"


def rungs(pool: Pool, types: Sequence[str]) -> Iterator[tuple[Purchase, str]]:
    """The ladder: each type on spot, then each on demand. A training job has one type, so each rung is a job."""
    for way in purchases(pool):
        if way.kind in ("spot", "on-demand"):
            for kind in types:
                yield way.kind, kind


def ladder(pool: Pool, types: Sequence[str]) -> Iterator[tuple[Purchase, str]]:
    """What a burst tries: the training plan, if there is one, and then `rungs`."""
    if pool.capacity.blocks:
        yield "training plan", types[0]
    yield from rungs(pool, types)


def stopping(rest: int, purchase: Purchase) -> dict[str, int]:
    """``StoppingCondition`` by which SageMaker alone has ended a job ten minutes after its deadline at the latest.

    ``rest`` is what is left of the lease, in seconds. The longest run counts from when training starts. For spot the
    longest wait counts from the start of waiting and holds the run as well; on demand the bound on waiting is not
    below half an hour, so what it may take is held back from the run.
    """
    if purchase == "spot":
        bound = min(max(rest, 1), LONGEST_RUN)
        return {"MaxRuntimeInSeconds": bound, "MaxWaitTimeInSeconds": bound}
    return {
        "MaxRuntimeInSeconds": min(max(rest - HELD_BACK, 60), LONGEST_RUN),
        "MaxPendingTimeInSeconds": PENDING,
    }
