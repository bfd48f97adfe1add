"""What the commands on a pool share: the pool by its name, the session for it, and what is told beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli import completing
from tideform.cli.common import console, tell
from tideform.cli.run import say

if TYPE_CHECKING:
    from tideform.burst.clearance import Hooks
    from tideform.burst.history.runs import Seen
    from tideform.burst.session import Session
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment
    from tideform.spec.quantities import Duration, Money
    from tideform.spec.training import Pool

PoolArgument = Annotated[
    str, typer.Argument(help="The training pool.", metavar="POOL", autocompletion=completing.pools)
]
WAIT = "10m"  # others' changes of the same pool take minutes, and a burst can wait for them


def known(deployment: Deployment, pool: str) -> str:
    """The pool's name. Raises `RefusedError` TD602 if the spec has no such pool."""
    from tideform.errors import RefusedError
    from tideform.spec.suggest import did_you_mean

    pools = sorted(deployment.spec.training)
    if pool in pools:
        return pool
    raise RefusedError.of(
        "TD602",
        "There is no such pool",
        detail=f"The spec has no training pool {pool!r}.",
        fix=did_you_mean(pool, pools) or f"Pools: {', '.join(pools) or 'none'}.",
    )


def as_it_stands(deployment: Deployment, cloud: Cloud, pool: str) -> Deployment:
    """The deployment with the pool where the lease table has it, for commands that look at a pool or end it."""
    from tideform.burst.as_held import as_held
    from tideform.burst.table import LeaseTable

    record = next((one for one in LeaseTable.of(cloud, deployment).all() if one.pool == pool), None)
    return deployment if record is None or not record.handle else as_held(deployment, record)


def seen_runs(
    cloud: Cloud, deployment: Deployment, pool: str | None = None, name: str = "", most: int | None = None
) -> Seen:
    """What ran on one pool, or on all that a job of this name can be of; says of what nobody could tell."""
    from tideform.burst.history.every import every_run
    from tideform.burst.history.runs import runs

    if pool is not None:
        deployment = as_it_stands(deployment, cloud, pool)
        seen = runs(cloud, deployment, known(deployment, pool), most)
    else:
        seen = every_run(cloud, deployment, name, most)
    tell(seen.gaps.problems)
    return seen


def shortened(pool: Pool, lease: Duration | None, max_cost: Money | None) -> Pool:
    """The pool with less time or money.

    Raises `RefusedError` TD675 where that is more than the spec allows, TD343 where it is less than any burst costs.
    """
    from tideform.checks.pools import smallest_bill
    from tideform.errors import RefusedError

    too_long = lease is not None and lease.seconds > pool.lease.seconds
    too_dear = max_cost is not None and pool.max_cost is not None and max_cost.usd > pool.max_cost.usd
    if too_long or too_dear:
        given, allowed = ("--lease", pool.lease) if too_long else ("--max-cost", pool.max_cost)
        raise RefusedError.of(
            "TD675",
            "The command asks for more than the spec allows",
            detail=f"{given} may make a burst shorter or cheaper; the pool allows {allowed}.",
            fix="Change the pool in the spec, or extend the running burst with `tideform burst extend`.",
        )
    changes = {"lease": lease, "max_cost": max_cost}
    bounded = pool.model_copy(update={key: value for key, value in changes.items() if value is not None})
    if max_cost is not None and (too_low := list(smallest_bill("--max-cost", bounded))):
        raise RefusedError(too_low)
    return bounded


def ask_about_cost(pool: Pool, yes: bool, what: str, instead: str) -> None:
    """Ask where a burst's whole lease would cost more than its cap: the cap then ends it in the middle."""
    from tideform.cli.confirm import confirm
    from tideform.pools.worst_case import worst_of

    found = worst_of(pool)
    if yes or found is None or not found.cut:
        return
    most = f"At its largest this burst costs {found.usd:.2f} USD over {found.lease}"
    confirm(f"{most}, and it is ended at {found.cap}. {what}?", instead=instead)


def session_for(
    deployment: Deployment, name: str, wait: float, *, announced: bool = True, ending: bool = False
) -> Session:
    """A session for one pool, after what crashed bursts left has been ended; one that only ends it takes it as it is.

    Raises `RefusedError` TD602 where there is no such pool, TD603 where a burst would not be of the pool as applied.
    """
    from tideform.burst.applied import require_applied
    from tideform.burst.month import hard_stop
    from tideform.burst.session import Session
    from tideform.burst.teardown import Teardown
    from tideform.connect import cloud_for
    from tideform.operations.definitions import Definitions
    from tideform.registry.training import backends
    from tideform.room import require_room

    if announced:
        pool = deployment.spec.training[known(deployment, name)]
        announce(deployment, name, pool, backends()[pool.backend].held_nodes(pool))
    if not ending:
        require_room(deployment.workspace.environment(deployment.environment))
        require_applied(deployment, known(deployment, name), lambda: _is_up(deployment, name))
    cloud = cloud_for(deployment)
    standing = as_it_stands(deployment, cloud, name) if ending else deployment
    pool = standing.spec.training[known(standing, name)]
    hooks = Definitions(deployment, wait=wait, say=say, on_progress=_silent).hooks()
    _finish_others(cloud, deployment, hooks, name)
    return Session(pool, Teardown.of(cloud, standing, name, hooks, say), hard_stop(deployment))


def _is_up(deployment: Deployment, name: str) -> bool:
    from tideform.burst.lease import State
    from tideform.burst.table import LeaseTable
    from tideform.connect import cloud_for

    return LeaseTable.of(cloud_for(deployment), deployment).get(name).state is State.UP


def announce(deployment: Deployment, name: str, pool: Pool, nodes: int = 1) -> None:
    """Say what is about to start on so many ``nodes``, its price, and the worst case.

    Raises `RefusedError` TD147 for too long a lease.
    """
    from tideform.burst.sizing import sizing
    from tideform.pools.worst_case import worst_of
    from tideform.prices.book import book
    from tideform.process import user
    from tideform.spec.leases import require_lease
    from tideform.views.burst import announcement
    from tideform.views.lines import emit

    require_lease(deployment.spec, user(), pool.lease)
    lines = announcement(name, pool, sizing(pool, nodes), worst_of(pool), book().note_for(deployment.region))
    emit(lines, console(stderr=True))


def _silent(_: object) -> None:
    """A burst tells its steps itself; the engine's are too many beside a job's log."""


def _finish_others(cloud: Cloud, deployment: Deployment, hooks: Hooks, own: str) -> None:
    from tideform.burst.reconcile import reconcile

    for line in reconcile(cloud, deployment, hooks, say=say, own=own):
        say(f"recovered: {line}")
