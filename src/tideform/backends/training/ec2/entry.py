"""``backend: ec2``: an Auto Scaling group of machines to work on, spot first; commands and shells come by SSM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from tideform.backends.training.ec2.names import LONGEST_RUN, MOST_NODES, SCHEDULE, GroupNames
from tideform.diagnostics import Diagnostic
from tideform.pools.applied_with import MACHINES, ROLE
from tideform.pools.drivers import driver_problems
from tideform.pools.log_groups import job_log_group
from tideform.pools.shape import PoolShape, shape_of, shape_problems
from tideform.pools.unattended import begun_late, starter_key, sweep_at_once
from tideform.pools.worst_case import Fleet, Most, dearest_of
from tideform.reaper.starting.base import ATTEMPTS
from tideform.registry.features import Features
from tideform.registry.training import Exports, PoolOrder, TrainingBackend, plain_handle
from tideform.spec.problems import error_at
from tideform.spec.training import Pool

if TYPE_CHECKING:
    from tideform.burst.runner import Runner
    from tideform.burst.streams import Streams
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment

# https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html: a tenth, or one machine
_REPLACED = 0.1
_FEATURES = Features(
    # What a machine talks to: SSM's agent, the registry of images, the log.
    # https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html
    interface_endpoints=("ec2messages", "ecr.api", "ecr.dkr", "logs", "ssm", "ssmmessages"),
    own_log_group=True,
    least_gpu_disk_gib=75,  # of the Deep Learning image
    does=("interconnect", "capacity.reservations", "job.nodes", "schedule", "trigger", "job.sweep"),
    # A burst sets its group's bound and way of buying itself, and tells the command.
    applied=(*MACHINES, "job.repository", *ROLE),
    shares_machines=True,
    # https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-template-capacity-blocks.html#capacity-blocks-limitations
    no_blocks="Auto Scaling takes none in a group with several ways of buying",
    keeps_end="SSM keeps the time-out that a command started with: one that runs now ends by it",
)


@dataclass(frozen=True)
class Ec2(TrainingBackend):
    """A launch template and an Auto Scaling group at zero whose launches are suspended until a burst."""

    id: str = "ec2"
    summary: str = "EC2 Auto Scaling, spot first, for interactive work"
    features: Features = _FEATURES

    def problems(self, name: str, pool: Pool) -> list[Diagnostic]:
        """Machines without an image, and what Run Command cannot reach or outlast."""
        if list(shape_problems(name, pool)):
            return []  # said for every backend alike
        return list(_problems(f"training.{name}", pool, shape_of(pool)))

    def build(self, order: PoolOrder) -> Exports:
        """Role, log group, launch template, group and its hook, and what starts its job."""
        from tideform.backends.training.ec2.group import Ec2Group
        from tideform.backends.training.ec2.nodes import Ec2Nodes

        nodes = Ec2Nodes(order, shape_of(order.pool))
        group = Ec2Group(order, nodes)
        if starter_key(order.pool):
            from tideform.backends.training.ec2.start import words
            from tideform.backends.training.ec2.starter import on_ec2
            from tideform.burst.carrying import carried
            from tideform.components.jobs.schedule import ScheduledBurst

            cargo = carried(order.scope.deployment, order.name)
            begins = on_ec2(order, words(order.scope.deployment, order.name, cargo))
            ScheduledBurst(order, nodes.shape, cargo, begins)
        return {
            "auto_scaling_group": group.group.name,
            "log_group": GroupNames(order.scope.deployment, order.name).log_group,
        }

    def handle(self, deployment: Deployment, pool: str) -> dict[str, Any]:
        """The group, and how the pool's commands are known."""
        names = GroupNames(deployment, pool)
        return {
            **plain_handle(deployment, self.id, pool),
            "group": names.group,
            "hook": names.hook,
            "schedule": SCHEDULE,
            "comment": names.comment,
            "log_group": names.log_group,
        }

    def most(self, pool: Pool, shape: PoolShape) -> Most:  # noqa: ARG002
        """A group counts machines, and may hold one more, or a tenth, while it replaces some."""
        dearest = dearest_of(shape)
        more = Fleet(dearest, max(1, ceil(shape.nodes * _REPLACED)))
        return Most((Fleet(dearest, shape.nodes),), more, "Auto Scaling may, while it replaces machines")

    def held_nodes(self, pool: Pool) -> int:
        """As many as the job that may come: no queue brings more."""
        return pool.job.nodes

    def detached_remarks(self, pool: Pool, nodes: int) -> Iterator[str]:  # noqa: ARG002
        """What is lost is begun anew by the reaper (`reaper.resuming`)."""
        if pool.capacity.spot != "never":
            yield (
                "Where EC2 takes a spot machine back, the reaper begins it anew on the next one, within five minutes "
                f"and {ATTEMPTS - 1} times at most. Nobody goes down the ladder for that one: it is bought as the lost "
                "one was, and waited for within the lease at most."
            )

    def logs(self, cloud: Cloud, deployment: Deployment, pool: str) -> Streams:
        """CloudWatch, in a group of the pool's own."""
        from tideform.backends.training.ec2.streams import CommandStreams

        return CommandStreams(cloud, job_log_group(deployment, pool))

    def runner(self, cloud: Cloud, deployment: Deployment, pool: str) -> Runner:
        """Capacity through the group's sizes, commands through SSM."""
        from tideform.backends.training.ec2.runner import runner

        return runner(cloud, deployment, pool)


def _problems(path: str, pool: Pool, shape: PoolShape) -> Iterator[Diagnostic]:
    yield from driver_problems(
        path,
        shape,
        images="No machine image of AWS's has the drivers for",
        fix="Choose GPUs by NVIDIA from the T4 on, or types without accelerators.",
    )
    if max(shape.nodes, pool.job.nodes) > MOST_NODES:
        yield error_at(
            "TD640",
            "The backend cannot reach so many machines",
            path,
            detail=f"One SSM command reaches {MOST_NODES} machines, and this pool may have {shape.nodes}.",
            fix="Use larger machines, or backend: batch or eks.",
        )
    if pool.lease.seconds > LONGEST_RUN:
        yield error_at(
            "TD642",
            "The lease outlasts the backend's commands",
            f"{path}.lease",
            detail=f"SSM ends every command after two days, and the lease is {pool.lease}.",
            fix="Write lease: 2d or less, or use backend: batch.",
        )
    yield from sweep_at_once(path, pool, shape, "Each combination has machines of its own")
    yield from begun_late(path, pool)


ENTRY = Ec2()
