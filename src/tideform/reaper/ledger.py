"""Each pool's account in the lease table: one item, written only by whoever has read its newest version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tideform.reaper.base import Node
from tideform.reaper.items import Item, Items
from tideform.reaper.meter import Account, count
from tideform.reaper.pools import POOL, Pools
from tideform.reaper.prices import SpotPrices, price_of
from tideform.reaper.reading import Unreadable, read

METER = "meter#"
_RACES = 8


@dataclass(frozen=True)
class Ledger:
    """The accounts of one lease table."""

    items: Items
    spot: SpotPrices

    def read(self, pool: str) -> Account:
        """The account as it was last written."""
        return Account.of(self.items.get(METER + pool))

    def all(self) -> dict[str, Account]:
        """Every account, by its pool's key."""
        return accounts_of(self.items.all())

    def tick(
        self,
        pool: str,
        nodes: Sequence[Node],
        prices: Mapping[str, float],
        now: float,
        seen: tuple[Item, Account] | None = None,
    ) -> Account:
        """Count the pool's nodes up to ``now`` and write it; ``pool`` is the key without its prefix.

        ``now`` has to be taken before the call, and the nodes after ``now``. ``seen`` are the pool's item and its
        account, if somebody has read them since ``now``.
        """
        price = price_of(prices, self.spot.of(nodes))
        after = Account()
        for _ in range(_RACES):
            item, before = seen or (self._held(pool, now), self.read(pool))
            seen = None
            after = count(before, nodes, item.get("leases", {}), item.get("ended", {}), price, now)
            if self._write(pool, before, after):
                self._told(item)
                return after
        return after  # others count as well: what they wrote differs by the moments between

    def _held(self, pool: str, now: float) -> Item:
        """Who holds the pool. Where that cannot be read, what runs is the doing of those who held it last."""
        found = read(self.items.get(POOL + pool) or {}, now)
        return {} if isinstance(found, Unreadable) else found

    def _write(self, pool: str, before: Account, after: Account) -> bool:
        if not before.version:
            fresh = "attribute_not_exists(pk) OR NOT attribute_type(version, :number) OR version = :none"
            return self.items.put(after.as_item(METER + pool), fresh, {":number": "N", ":none": 0})
        return self.items.put(after.as_item(METER + pool), "version = :before", {":before": before.version})

    def _told(self, item: Item) -> None:
        if item.get("ended"):
            Pools(self.items).forget_ended(item)


def accounts_of(items: Iterable[Item]) -> dict[str, Account]:
    """Those among the items of a table, by the pool's key."""
    return {pool_of(item["pk"]): Account.of(item) for item in items if str(item["pk"]).startswith(METER)}


def spent_in_month(accounts: Iterable[Account], now: float) -> float:
    """USD of all pools together in the month (UTC) of ``now``."""
    month = datetime.fromtimestamp(now, UTC).strftime("%Y-%m")
    return sum(account.months.get(month, 0.0) for account in accounts)


def pool_of(key: str) -> str:
    """The pool that an item's key is about."""
    return key.partition("#")[2]
