"""``backend: batch``: AWS Batch brings EC2 instances, spot or on-demand, for as long as jobs want them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tideform.backends.training.batch.job_size import definition_problems
from tideform.diagnostics import Diagnostic, Severity
from tideform.pools.applied_with import BOUNDS, MACHINES, ROLE
from tideform.pools.blocks import of_one_type
from tideform.pools.drivers import driver_problems
from tideform.pools.log_groups import job_log_group
from tideform.pools.names import PoolNames
from tideform.pools.purchase import on_demand_only, pool_zones, purchases
from tideform.pools.shape import PoolShape, shape_of, shape_problems
from tideform.pools.unattended import starter_key
from tideform.pools.worst_case import Fleet, Most, dearest_of, filled
from tideform.registry.features import Features
from tideform.registry.training import Exports, Failure, PoolOrder, TrainingBackend, plain_handle
from tideform.spec.problems import problem
from tideform.spec.training import Pool

if TYPE_CHECKING:
    from tideform.burst.runner import Runner
    from tideform.burst.streams import Streams
    from tideform.cloud import Cloud
    from tideform.components.scope import Scope
    from tideform.spec.deployment import Deployment

_FEATURES = Features(
    # What an instance of a managed environment talks to.
    # https://docs.aws.amazon.com/batch/latest/userguide/vpc-interface-endpoints.html
    interface_endpoints=("ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry", "logs"),
    own_log_group=True,
    does=("interconnect", "capacity.reservations", "job.nodes", "schedule", "trigger", "job.sweep"),
    applied=(*MACHINES, *BOUNDS, "job.image", "job.command", "job.environment", "checkpoint", *ROLE),
    gangs_on_spot=False,  # https://docs.aws.amazon.com/batch/latest/userguide/mnp-ce.html
    gangs_in_one_zone=True,
    queues_sweeps=True,
    blocks="cr-",
    # https://docs.aws.amazon.com/batch/latest/userguide/job_timeouts.html
    keeps_end="AWS Batch keeps the time-out that a job started with: one that runs now ends by it",
    # https://docs.aws.amazon.com/batch/latest/userguide/infrastructure-updates.html
    late_machines="machines that come later carry the end that their compute environment was opened with "
    "(tideform:expires): Batch would replace those that stand to change it. The reaper goes by it only while the lease "
    "table is away",
)
# https://docs.aws.amazon.com/batch/latest/APIReference/API_CreateJobQueue.html
_MOST_ENVIRONMENTS = 3


@dataclass(frozen=True)
class Batch(TrainingBackend):
    """Compute environments that stand at zero, a queue in front of them, and a definition of the job."""

    id: str = "batch"
    summary: str = "AWS Batch on EC2, spot first"
    features: Features = _FEATURES

    def problems(self, name: str, pool: Pool) -> list[Diagnostic]:
        """Capacity that Batch has no machine image for, or that it cannot use so."""
        if list(shape_problems(name, pool)):
            return []  # said for every backend alike
        return [*_images(f"training.{name}", shape_of(pool)), *_ways_of_buying(f"training.{name}", pool)]

    def build(self, order: PoolOrder) -> Exports:
        """Roles, log group, launch template, compute environments, queue, job definition, and what starts it."""
        from tideform.backends.training.batch.capacity import BatchCapacity
        from tideform.backends.training.batch.job import BatchJob
        from tideform.components.jobs.schedule import ScheduledBurst

        shape = shape_of(order.pool)
        capacity = BatchCapacity(order, shape)
        job = BatchJob(order, shape)
        if starter_key(order.pool):
            from tideform.backends.training.batch.starter import on_batch
            from tideform.burst.carrying import carried

            cargo = carried(order.scope.deployment, order.name)
            ScheduledBurst(order, shape, cargo, on_batch(order, cargo))
        return {
            "job_queue_arn": capacity.queue.arn,
            "job_definition_arn": job.definition.arn,
            "compute_environments": [environment.name for environment in capacity.environments],
            "log_group": job.log_name,
        }

    def handle(self, deployment: Deployment, pool: str) -> dict[str, Any]:
        """The queue leads to everything else; the bound is the whole pool's, which no environment knows."""
        names = PoolNames(deployment, pool)
        return {
            **plain_handle(deployment, self.id, pool),
            "job_queue": names.job_queue,
            "job_definition": names.job_definition,
            "log_group": job_log_group(deployment, pool),
            **_bound(deployment.spec.training.get(pool)),
        }

    def reserved_variable(self, name: str) -> str:
        """https://docs.aws.amazon.com/batch/latest/APIReference/API_KeyValuePair.html"""
        return "AWS Batch sets what begins so itself, and refuses any other." if name.startswith("AWS_BATCH") else ""

    def told_problems(self, deployment: Deployment, name: str) -> Iterator[Diagnostic]:
        """A job definition has a size."""
        return definition_problems(f"training.{name}.job", deployment.spec.training[name].job)

    def block_problems(self, deployment: Deployment, path: str, pool: Pool) -> Iterator[Diagnostic]:
        """An environment has the zones of its subnets, and machines of each of its types."""
        yield from of_one_type(path, pool)
        if not _in_one_zone(deployment, pool):
            detail = "This pool has several zones, and machines start in the block's alone."
            fix = "Name the block's: zones: [a], or one subnet in network.subnets."
            yield problem("TD686", detail, fix=fix, path=path)

    def most(self, pool: Pool, shape: PoolShape) -> Most:
        """Batch bounds vCPUs, and may exceed them by one machine, but not where the pool drains a capacity block.

        That holds what was reserved, its environment (BEST_FIT) keeps to its bound, and what it leaves to the market is
        whole machines of its one type.
        https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResourceUpdate.html (``maxvCpus``)
        """
        one_more = None if pool.capacity.blocks else Fleet(dearest_of(shape), 1)
        return Most(filled(shape.types, shape.max_vcpus), one_more, "Batch may exceed a bound by one machine")

    def failure(self, pool: str, scope: Scope) -> Failure:
        """https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html"""
        queue = scope.arn("batch", f"job-queue/{PoolNames(scope.deployment, pool).job_queue}")
        pattern = {
            "source": ["aws.batch"],
            "detail-type": ["Batch Job State Change"],
            "detail": {"status": ["FAILED"], "jobQueue": [queue]},
        }
        return Failure(pattern, "$.detail.jobName", "$.detail.statusReason")

    def held_nodes(self, pool: Pool) -> int:  # noqa: ARG002
        """One: machines follow jobs."""
        return 1

    def detached_remarks(self, pool: Pool, nodes: int) -> Iterator[str]:  # noqa: ARG002
        """Batch tries a job of several nodes again where the main one alone is lost."""
        if nodes > 1:
            yield (
                "Nobody begins it again where a node other than the main one loses its machine: the burst is over then."
            )

    def without_effect(self, pool: Pool) -> Iterator[tuple[str, str]]:
        """An array job has no bound of its own."""
        sweep = pool.job.sweep if starter_key(pool) else None
        if sweep is not None and sweep.at_once < min(sweep.size, _most_machines(pool)):
            text = "Batch cannot bound a sweep that starts by itself; the pool's size does, and `burst run` keeps to it"
            yield "job.sweep.at_once", text

    def logs(self, cloud: Cloud, deployment: Deployment, pool: str) -> Streams:
        """CloudWatch, in a group of the pool's own."""
        from tideform.backends.training.batch.streams import BatchStreams

        queue = PoolNames(deployment, pool).job_queue if deployment.spec.training[pool].job.nodes > 1 else ""
        return BatchStreams(cloud, job_log_group(deployment, pool), queue=queue)

    def runner(self, cloud: Cloud, deployment: Deployment, pool: str) -> Runner:
        """Capacity through ``minvCpus``, jobs through the queue."""
        from tideform.backends.training.batch.climb import Pace
        from tideform.backends.training.batch.runner import BatchRunner

        return BatchRunner(cloud, deployment, pool, Pace.of(deployment))


def _bound(pool: Pool | None) -> dict[str, Any]:
    """What all environments together may have; nothing for a pool that the spec names no more."""
    if pool is None:
        return {}
    shape = shape_of(pool)
    return {
        "max_vcpus": shape.max_vcpus,
        "vcpus": {kind.name: kind.vcpus for kind in shape.types},
        "reservations": list(pool.capacity.reservations),
    }


def _in_one_zone(deployment: Deployment, pool: Pool) -> bool:
    network = deployment.spec.network
    return len(network.subnets) == 1 if network.existing is not None else len(pool_zones(pool, deployment)) == 1


def _most_machines(pool: Pool) -> int:
    """No machine has less than one accelerator."""
    count = pool.accelerator.count if pool.accelerator else pool.nodes
    return count.maximum if count else 1


def _images(path: str, shape: PoolShape) -> Iterator[Diagnostic]:
    return driver_problems(
        path,
        shape,
        images="Batch's own machine images have no drivers for",
        fix="Choose GPUs by NVIDIA from the T4 on beside x86 processors, or types without accelerators.",
        graviton=False,
    )


def _ways_of_buying(path: str, pool: Pool) -> Iterator[Diagnostic]:
    """https://docs.aws.amazon.com/batch/latest/userguide/mnp-ce.html: jobs of several nodes are not for spot."""
    capacity = pool.capacity
    if on_demand_only(pool) and capacity.spot != "never":
        given = "spot" in capacity.model_fields_set
        detail = f"AWS Batch runs a job of {pool.job.nodes} nodes on on-demand capacity only"
        yield problem(
            "TD156",
            f"{detail}, and spot: {capacity.spot} asks for another."
            if given
            else f"{detail}: the pool buys none else.",
            fix="Use capacity: {spot: never}, or the backend eks or ec2.",
            path=f"{path}.capacity.spot" if given else f"{path}.job.nodes",
            severity=Severity.ERROR if given else Severity.NOTE,
        )
    if (ways := len(purchases(pool))) > _MOST_ENVIRONMENTS:
        yield problem(
            "TD157",
            f"A queue of Batch has at most {_MOST_ENVIRONMENTS} compute environments, and this pool needs {ways}: "
            "one for each reservation or block, and one each for spot and on-demand.",
            fix="Name fewer reservations, or use fewer ways of buying.",
            path=f"{path}.capacity.{'reservations' if capacity.reservations else 'blocks'}",
        )


ENTRY = Batch()
