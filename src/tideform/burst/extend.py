"""More time for a burst that runs: its lease, and with it what would end it before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tideform.burst.lease import Lease
from tideform.burst.reservations import ends_early
from tideform.burst.runner import Runner, cloud_errors
from tideform.burst.table import LeaseTable
from tideform.errors import RefusedError
from tideform.process import user
from tideform.spec.deployment import Deployment
from tideform.spec.leases import require_lease
from tideform.spec.quantities import Duration
from tideform.times import utc

# What no API changes while a job runs. https://docs.aws.amazon.com/batch/latest/userguide/job_timeouts.html and
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateTrainingJob.html
_FIXED = {
    "batch": "AWS Batch keeps the time-out that a job started with: one that runs now ends by it",
    "sagemaker": "SageMaker keeps the longest run time that a job started with: one that runs now ends by it",
    "eks": "Kubernetes keeps the age at which a node expires: one that stands now is let go by it",
}


@dataclass(frozen=True)
class Extended:
    """What became later: each lease with its new deadline, and what did not follow."""

    leases: tuple[Lease, ...]
    remarks: tuple[str, ...]


def extend(table: LeaseTable, runner: Runner, deployment: Deployment, pool: str, by: Duration) -> Extended:
    """Move one's own leases of a pool later. Raises `RefusedError` TD677 without one, TD147 beyond a limit."""
    own = [lease for lease in table.get(pool).leases if lease.owner == user()]
    if not own:
        raise RefusedError.of(
            "TD677",
            "There is no lease of yours to extend",
            detail=f"{user()} holds no lease of {pool}.",
            fix="`tideform burst status` shows who does.",
        )
    for lease in own:
        whole = Duration.parse(f"{lease.deadline - lease.created + by.seconds}s")
        require_lease(deployment.spec, lease.owner, whole)
    moved = tuple(found for lease in own if (found := _moved(table, lease, lease.deadline + by.seconds)))
    return Extended(moved, tuple(_follow(runner, deployment, pool, moved)))


def _moved(table: LeaseTable, lease: Lease, deadline: int) -> Lease | None:
    record = table.extend(lease, deadline)
    return None if record is None else record.lease(lease.id)


def _follow(runner: Runner, deployment: Deployment, pool: str, leases: tuple[Lease, ...]) -> Iterator[str]:
    """Bring the backend's own brakes and the machines' tags after the lease."""
    latest = max((lease.deadline for lease in leases), default=0)
    if not latest:
        return
    hold = getattr(runner, "hold_until", None)  # the ec2 backend's group has an end of its own
    if hold is not None:
        hold(latest)
        yield "the group's own end moved with it"
    blocks, cloud = deployment.spec.training[pool].capacity.blocks, getattr(runner, "cloud", None)
    if blocks and cloud is not None:
        yield from ends_early(cloud, blocks, cloud.clock(), latest)
    if fixed := _FIXED.get(deployment.spec.training[pool].backend):
        yield fixed
    _tag(runner, deployment, pool, latest)


def _tag(runner: Runner, deployment: Deployment, pool: str, deadline: int) -> None:
    ids = [node.id for node in runner.capacity() if node.id.startswith("i-")]
    cloud = getattr(runner, "cloud", None)
    if not ids or cloud is None:
        return
    expires = utc(deadline)
    with cloud_errors(f"the machines of {pool} in {deployment.name} were tagged"):
        cloud.client("ec2").create_tags(Resources=ids, Tags=[{"Key": "tideform:expires", "Value": expires}])
