"""``backend: batch``: AWS Batch brings EC2 instances, spot or on-demand, for as long as jobs want them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tideform.catalogue.training._names import PoolNames
from tideform.catalogue.training.base import Exports, PoolOrder, plain_handle, problem
from tideform.components.pool_shape import PoolShape, is_nvidia, shape_of
from tideform.diagnostics import Diagnostic
from tideform.errors import TideformError
from tideform.spec.training import Pool

if TYPE_CHECKING:
    from tideform.burst.runner import Runner
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment

# Batch's machine images of today have no drivers for them, and none at all for GPUs beside Graviton processors.
# https://docs.aws.amazon.com/batch/latest/APIReference/API_Ec2Configuration.html
_TOO_OLD = ("p2", "p3", "g3")


@dataclass(frozen=True)
class Batch:
    """Compute environments that stand at zero, a queue in front of them, and a definition of the job."""

    id: str = "batch"
    summary: str = "AWS Batch on EC2, spot first"

    def problems(self, name: str, pool: Pool) -> list[Diagnostic]:
        """Capacity that nobody knows, or that Batch has no machine image for."""
        path = f"training.{name}"
        try:
            shape = shape_of(pool)
        except TideformError as error:
            return [replace(found, path=path) for found in error.diagnostics]
        if unfit := _unfit(shape):
            return [
                problem(
                    "TD206",
                    "The backend cannot run this capacity",
                    path,
                    detail=f"Batch's own machine images have no drivers for {', '.join(unfit)}.",
                    fix="Choose GPUs by NVIDIA from the T4 on beside x86 processors, or types without accelerators.",
                )
            ]
        return []

    def build(self, order: PoolOrder) -> Exports:
        """Roles, log group, launch template, compute environments, queue and job definition."""
        from tideform.components.batch_capacity import BatchCapacity
        from tideform.components.batch_job import BatchJob

        shape = shape_of(order.pool)
        capacity = BatchCapacity(order, shape)
        job = BatchJob(order, shape)
        return {
            "job_queue_arn": capacity.queue.arn,
            "job_definition_arn": job.definition.arn,
            "compute_environments": [environment.name for environment in capacity.environments],
            "log_group": job.log_group.name,
        }

    def handle(self, deployment: Deployment, pool: str) -> dict[str, Any]:
        """The queue leads to everything else."""
        names = PoolNames(deployment, pool)
        return {
            **plain_handle(deployment, self.id, pool),
            "job_queue": names.job_queue,
            "job_definition": names.job_definition,
        }

    def runner(self, cloud: Cloud, deployment: Deployment, pool: str) -> Runner:
        """Capacity through ``minvCpus``, jobs through the queue."""
        from tideform.burst.batch import BatchRunner, Pace

        return BatchRunner(cloud, deployment, pool, Pace.of(deployment))


def _unfit(shape: PoolShape) -> list[str]:
    accelerated = [t for t in shape.types if t.accelerators]
    unfit = [t.name for t in accelerated if not is_nvidia([t]) or t.family.startswith(_TOO_OLD) or t.arch == "arm64"]
    return unfit if len(accelerated) in (0, len(shape.types)) else shape.instance_types


ENTRY = Batch()
