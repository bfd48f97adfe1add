"""What ran on several pools: one of which nobody can tell hides no other."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import chain

from tideform.burst.as_held import as_held
from tideform.burst.history.runs import Seen, runs
from tideform.burst.lease import PoolRecord
from tideform.burst.record import illegible_in
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.errors import CloudError
from tideform.reaper.job_name import after_pool, may_be_lease
from tideform.spec.deployment import Deployment
from tideform.unasked import each


def every_run(cloud: Cloud, deployment: Deployment, name: str = "", most: int | None = None) -> Seen:
    """Of all pools that the spec or the lease table knows, or of those alone that a job of this name can be of.

    With ``most`` the newest so many are whole (`runs`). Raises what a service refuses where there is nothing to tell of
    any of them.
    """
    told = LeaseTable.of(cloud, deployment).look()
    for record in told.values():
        if isinstance(record, PoolRecord):
            deployment = as_held(deployment, record)
    known = deployment.spec.training
    pools = pools_of(sorted({*known, *told}), name)
    lost = illegible_in({pool: told[pool] for pool in pools if pool in told})
    found, gaps = each(
        {f"pool {pool}": partial(runs, cloud, deployment, pool, most) for pool in pools if pool in known}
    )
    if gaps and not found:
        raise CloudError(gaps.problems)
    several = chain.from_iterable(seen.runs for seen in found.values())
    parts = sum((seen.gaps for seen in found.values()), gaps)
    return Seen(tuple(sorted(several, key=lambda run: run.created, reverse=True)), parts + lost)


def known_pools(cloud: Cloud, deployment: Deployment) -> set[str]:
    """Those that the spec names, and those that the lease table does."""
    return {*deployment.spec.training, *LeaseTable.of(cloud, deployment).look()}


def pools_of(pools: Iterable[str], name: str) -> list[str]:
    """The pools that a job can be of: POOL-LEASE, or the beginning of it; all of them where it is another id."""
    known = list(pools)
    own = [pool for pool in known if (rest := after_pool(name, pool)) is not None and may_be_lease(rest)]
    return [pool for pool in known if pool in own or f"{pool}-".startswith(name)] if own else known
