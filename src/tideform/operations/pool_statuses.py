"""What the pools are doing, each as far as it can be told, with what nobody holds: for `burst status`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tideform.burst.as_held import as_held
from tideform.burst.ownerless import Sighted
from tideform.burst.status import PoolStatus, pool_status
from tideform.unasked import Gaps, each

if TYPE_CHECKING:
    from tideform.diagnostics import Diagnostic
    from tideform.operations.capacity import Capacity
    from tideform.spec.deployment import Deployment


@dataclass(frozen=True)
class PoolStatuses:
    """Each pool that could be looked at, and what is missing: of the others in ``gaps``, of each in its own status."""

    pools: tuple[PoolStatus, ...]
    unheld: Sighted
    warnings: tuple[Diagnostic, ...]
    gaps: Gaps

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return not self.gaps and not any(one.unasked for one in self.pools)


def where_held(deployment: Deployment, held: Capacity, pool: str | None) -> Deployment:
    """The deployment with its pools where they hold capacity; the one asked for where it last had some."""
    for record in held.records or ():
        if record.held or record.pool == pool:
            deployment = as_held(deployment, record)
    return deployment


def pool_statuses(deployment: Deployment, names: Iterable[str], held: Capacity, pool: str | None) -> PoolStatuses:
    """Of these pools, and of none where the table is another's; ``pool`` where that one alone was asked for."""
    from tideform.connect import cloud_for

    cloud = cloud_for(deployment)
    now, names = cloud.clock(), () if held.anothers else names
    found, more = each({f"pool {name}": partial(pool_status, cloud, deployment, name, now) for name in names})
    gaps = held.gaps + more
    seen = replace(held.seen, found=tuple(one for one in held.seen.found if pool in (None, one.pool)))
    return PoolStatuses(tuple(found.values()), seen, (*held.warnings, *gaps.problems), gaps)
