"""Capacity that nobody holds, for those who look from here: as the reaper sees it, with the spec's names and prices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tideform.burst.reaper.base import Node
from tideform.burst.reaper.claims import LEASE
from tideform.burst.reaper.items import Item
from tideform.burst.reaper.ledger import pool_of
from tideform.burst.reaper.pools import is_pool
from tideform.burst.reaper.reading import Unreadable, read
from tideform.burst.reaper.unheld import Unheld, judged, look, look_for_jobs
from tideform.burst.runner import cloud_errors
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.prices.book import book
from tideform.spec.deployment import Deployment


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


def ownerless(cloud: Cloud, deployment: Deployment) -> tuple[Ownerless, ...]:
    """Everything of the project and environment, pools that the spec no longer has included. Raises `CloudError`.

    Where there is no table, nothing is held.
    """
    spec, table = deployment.spec, LeaseTable.of(cloud, deployment)
    called = {made_as: pool for pool, made_as in table.made_as.items()}
    with cloud_errors("capacity without a lease was looked for"):
        items = [item for item in _pools(table).values() if not isinstance(item, Unreadable)]
        backends = {pool.backend for pool in spec.training.values()}
        backends |= {str((item.get("handle") or {}).get("backend", "")) for item in items}
        seen = look(cloud, spec.project, deployment.environment, backends)
        look_for_jobs(cloud, items, seen)
        fresh = _pools(table)
    found: list[Ownerless] = []
    for pool, sight in sorted(seen.items()):
        item = fresh.get(pool)
        if not isinstance(item, Unreadable):  # else nobody knows who holds what: TD624 says so
            found += _told(called.get(pool, pool), judged(sight, item))
    return tuple(found)


def _pools(table: LeaseTable) -> dict[str, Item | Unreadable]:
    now = table.cloud.clock()
    try:
        return {pool_of(item["pk"]): read(item, now) for item in table.items.all() if is_pool(item)}
    except table.cloud.client("dynamodb").exceptions.ResourceNotFoundException:
        return {}


def _told(pool: str, unheld: Unheld) -> Iterator[Ownerless]:
    for node in unheld.strays:
        yield _machine(pool, node, f"its lease {node.tags.get(LEASE, 'of old')} holds nothing; the reaper ends it")
    for node in unheld.by_hand:
        yield _machine(pool, node, "it names no lease; the reaper ends it when its grace is over")
    for source in unheld.sources:
        yield Ownerless(pool, source.name, "source", "it asks for machines; the reaper closes it")


def _machine(pool: str, node: Node, why: str) -> Ownerless:
    known = book().instances.get(node.type)
    running = known is not None and node.state in ("pending", "running")
    price = known.on_demand_usd if known is not None and running else None
    return Ownerless(pool, node.id, f"{node.type}, {node.state}", why, node.launched, price)
