"""More time for a burst that runs: its lease, and with it what would end it before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tideform.burst.brakes import require
from tideform.burst.lease import Lease
from tideform.burst.reservations import ends_early
from tideform.burst.runner import Runner, cloud_errors
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.errors import RefusedError
from tideform.process import user
from tideform.reaper import instances
from tideform.reaper.endings import longest
from tideform.registry.training import features
from tideform.spec.deployment import Deployment
from tideform.spec.leases import require_lease
from tideform.spec.quantities import Duration, Money
from tideform.spec.training import Pool


@dataclass(frozen=True)
class Extended:
    """What became later: each lease with its new deadline, and what did not follow."""

    leases: tuple[Lease, ...]
    remarks: tuple[str, ...]


def extend(table: LeaseTable, runner: Runner, deployment: Deployment, pool: str, by: Duration) -> Extended:
    """Move one's own leases of a pool later.

    Raises what `prolonged` raises, and `RefusedError` TD605 where a brake that would end them is not in place.
    """
    own = _own(table, pool)
    for lease in own:
        _require(deployment, pool, lease, by)
    warnings = require(runner.brakes())
    moved = tuple(found for lease in own if (found := _moved(table, lease, lease.deadline + by.seconds)))
    return Extended(moved, (*warnings, *_follow(table, runner, deployment, pool, moved)))


def prolonged(table: LeaseTable, deployment: Deployment, pool: str, by: Duration) -> list[Pool]:
    """The pool as each of one's own leases would have it: its whole length, and its cap.

    Raises `RefusedError`: TD677 without a lease, TD147 beyond a limit of the spec, TD687 beyond what a backend can end.
    """
    spec, found = deployment.spec.training[pool], []
    for lease in _own(table, pool):
        cap = None if lease.cap_usd is None else Money(lease.cap_usd)
        whole = _require(deployment, pool, lease, by)
        found.append(spec.model_copy(update={"lease": whole, "max_cost": cap}))
    return found


def _own(table: LeaseTable, pool: str) -> list[Lease]:
    own = [lease for lease in table.get(pool).leases if lease.owner == user()]
    if not own:
        raise RefusedError.of(
            "TD677",
            "There is no lease of yours to extend",
            detail=f"{user()} holds no lease of {pool}.",
            fix="`tideform burst status` shows who does.",
        )
    return own


def _require(deployment: Deployment, pool: str, lease: Lease, by: Duration) -> Duration:
    """How long the lease would be, from its beginning."""
    whole = Duration(lease.deadline - lease.created + by.seconds)
    require_lease(deployment.spec, lease.owner, whole)
    backend = deployment.spec.training[pool].backend
    most = Duration(longest(backend))
    if whole > most:
        raise RefusedError.of(
            "TD687",
            "A lease cannot be made so long",
            detail=f"The lease {lease.id} would be {whole.words} in all, and {most} is the longest of backend "
            f"{backend}: it bounds what a forgotten burst costs.",
            fix=f"Ask for {_left(lease, most)}, or save checkpoints and begin another burst.",
        )
    return whole


def _left(lease: Lease, most: Duration) -> str:
    left = most.seconds - (lease.deadline - lease.created)
    return f"at most {Duration(left).words} more" if left > 0 else "no more time"


def _moved(table: LeaseTable, lease: Lease, deadline: int) -> Lease | None:
    record = table.extend(lease, deadline)
    return None if record is None else record.lease(lease.id)


def _follow(
    table: LeaseTable, runner: Runner, deployment: Deployment, pool: str, leases: tuple[Lease, ...]
) -> Iterator[str]:
    """Bring the backend's own brakes and the machines' tags after the lease."""
    latest = max((lease.deadline for lease in leases), default=0)
    if not latest:
        return
    if moved := runner.hold_until(latest):
        yield moved
    if blocks := deployment.spec.training[pool].capacity.blocks:
        yield from ends_early(table.cloud, blocks, table.cloud.clock(), latest)
    if fixed := features(deployment.spec.training[pool].backend).keeps_end:
        yield fixed
    yield from _tag(table.cloud, runner, deployment, pool, max(latest, _latest(table, pool)))


def _latest(table: LeaseTable, pool: str) -> int:
    """Of all leases, whoever holds them: they share the machines. 0 where none is left."""
    return max((lease.deadline for lease in table.get(pool).leases), default=0)


def _tag(cloud: Cloud, runner: Runner, deployment: Deployment, pool: str, deadline: int) -> Iterator[str]:
    """What the machines say of their end, and what comes later: that is what they end by while the table is away."""
    runner.launch_until(deadline)
    ids = [node.id for node in runner.capacity() if node.id.startswith("i-")]
    if not ids:
        return
    with cloud_errors(f"the machines of {pool} in {deployment.name} were tagged"):
        instances.tell_end(cloud, ids, deadline)
    if late := features(deployment.spec.training[pool].backend).late_machines:
        yield late
