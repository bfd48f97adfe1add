"""Capacity that nobody holds, for those who look from here: as the reaper sees it, with the spec's names and prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, cast

from tideform.burst.runner import cloud_errors, refused
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.components.reaper.plan import handles as handles_of
from tideform.errors import CloudError
from tideform.prices.book import book
from tideform.reaper.base import Node
from tideform.reaper.claims import LEASE
from tideform.reaper.items import Item
from tideform.reaper.ledger import pool_of
from tideform.reaper.legible import THE_TABLE
from tideform.reaper.pools import is_pool
from tideform.reaper.reading import Unreadable, read
from tideform.reaper.unheld import Guarded, Unheld, judged, look, look_for_jobs
from tideform.spec.deployment import Deployment
from tideform.unasked import Unasked, reason

UNHELD: Final = "held by nobody"  # what could not be asked is called so, with the service


@dataclass(frozen=True)
class Ownerless:
    """One thing that costs money, or would bring what does, and that no lease holds.

    ``since`` is in seconds since the epoch, 0 where nobody tells; ``hourly_usd`` is the list price, None where there is
    none.
    """

    pool: str
    id: str
    kind: str
    why: str
    since: float = 0.0
    hourly_usd: float | None = None


@dataclass(frozen=True)
class Sighted:
    """What was seen of it, and what could not be asked: then there may be more."""

    found: tuple[Ownerless, ...] = ()
    unasked: tuple[Unasked, ...] = ()

    @property
    def told(self) -> tuple[Ownerless, ...] | None:
        """What was seen; None where nobody could tell of any."""
        return self.found if self.found or not self.unasked else None


def ownerless(cloud: Cloud, deployment: Deployment) -> tuple[Ownerless, ...]:
    """Everything of the project and environment, pools that the spec no longer has included.

    Raises `CloudError` where any service refuses: for whoever acts on it, a part is not enough.
    """
    seen = sighted(cloud, deployment)
    if seen.unasked:
        raise refused(f"While capacity without a lease was looked for: {'; '.join(map(str, seen.unasked))}")
    return seen.found


def sighted(cloud: Cloud, deployment: Deployment) -> Sighted:
    """The same for whoever looks: what one service refuses hides nothing of what others tell.

    Where there is no table, nothing is held; where it cannot be read, nobody knows what is.
    """
    unasked: list[Unasked] = []

    def guarded(service: str, work: Callable[[], object]) -> object:
        try:
            with cloud_errors("capacity without a lease was looked for"):
                return work()
        except CloudError as error:
            unasked.append(Unasked(f"{UNHELD} ({service})", reason(error)))
            return None

    told = guarded(THE_TABLE, lambda: _look(cloud, deployment, guarded))
    return Sighted(cast(tuple[Ownerless, ...], told or ()), tuple(unasked))


def _look(cloud: Cloud, deployment: Deployment, guarded: Guarded) -> tuple[Ownerless, ...]:
    spec, table = deployment.spec, LeaseTable.of(cloud, deployment)
    called = {made_as: pool for pool, made_as in table.made_as.items()}
    items = [item for item in (_pools(table) or {}).values() if not isinstance(item, Unreadable)]
    planned = handles_of(deployment)
    handles = [*planned.values(), *(item.get("handle") or {} for item in items)]
    seen = look(cloud, spec.project, deployment.environment, handles, guarded)
    look_for_jobs(cloud, items, planned, seen, guarded)
    fresh = _pools(table)
    found: list[Ownerless] = []
    for pool, sight in sorted(seen.items()):
        item, name = (fresh or {}).get(pool), called.get(pool, pool)
        if not isinstance(item, Unreadable):  # else nobody knows who holds what: TD624 says so
            found += _told(name, judged(sight, item), _ENDS if fresh is not None else _alone(name))
    return tuple(found)


def _pools(table: LeaseTable) -> dict[str, Item | Unreadable] | None:
    """Every pool's item; None where there is no table."""
    now = table.cloud.clock()
    try:
        return {pool_of(item["pk"]): read(item, now) for item in table.items.all() if is_pool(item)}
    except table.cloud.client("dynamodb").exceptions.ResourceNotFoundException:
        return None


@dataclass(frozen=True)
class _Ends:
    """What becomes of what nobody holds, in words."""

    stray: str
    by_hand: str
    source: str


_ENDS = _Ends("the reaper ends it", "the reaper ends it when its grace is over", "the reaper closes it")


def _alone(pool: str) -> _Ends:
    """Without the table the reaper goes by what is written on the thing itself, and by nothing else."""
    gone, now = "there is no lease table", f"`tideform burst down {pool}`"
    late = f"{gone}: the reaper {{}} it once what it says of its lease is past, {now} at once"
    return _Ends(late.format("ends"), f"{gone}: {now} ends it", late.format("closes"))


def _told(pool: str, unheld: Unheld, ends: _Ends) -> Iterator[Ownerless]:
    for node in unheld.strays:
        yield _machine(pool, node, f"its lease {node.tags.get(LEASE, 'of old')} holds nothing; {ends.stray}")
    for node in unheld.by_hand:
        yield _machine(pool, node, f"it names no lease; {ends.by_hand}")
    for source in unheld.sources:
        yield Ownerless(pool, source.name, "source", f"it asks for machines; {ends.source}")


def _machine(pool: str, node: Node, why: str) -> Ownerless:
    known = book().instances.get(node.type)
    running = known is not None and node.state in ("pending", "running")
    price = known.on_demand_usd if known is not None and running else None
    return Ownerless(pool, node.id, f"{node.type}, {node.state}", why, node.launched, price)
