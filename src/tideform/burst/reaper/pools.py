"""How a pool's item changes when leases end: the same conditional updates for the command line and the reaper.

An item has ``state``, ``count``, ``token`` (it grows with every change of what holds capacity), ``leases`` and their
``tokens``, ``ended`` (leases that the meter has not been told of), ``handle`` and ``prices``, and ``begun`` where a
burst has ever begun by itself: when the last one did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tideform.burst.reaper.items import Item, Items

POOL = "pool#"
STOPPING = "stopping"
IDLE = "idle"
UP = "up"
NAMES = {"#count": "count", "#state": "state", "#token": "token"}


@dataclass(frozen=True)
class Pools:
    """The pools of one lease table, each by its key. None means that the item has changed meanwhile."""

    items: Items

    def all(self) -> list[Item]:
        """Every pool's item."""
        return [item for item in self.items.all() if is_pool(item)]

    def release_shared(self, key: str, lease: str, held: Mapping[str, Any], now: float) -> Item | None:
        """Give back a lease that is not the last one; ``held`` is its ``owner`` and ``created``."""
        return self.update(
            key,
            "SET ended.#id = :ended REMOVE leases.#id, tokens.#id ADD #count :less, #token :one",
            "attribute_exists(leases.#id) AND #count > :one AND #state <> :stopping",
            {"#id": lease},
            {":ended": _ended(held, now), ":less": -1, ":one": 1, ":stopping": STOPPING},
        )

    def begin_stop(self, key: str, token: int, stopper: Mapping[str, Any], now: float) -> Item | None:
        """Be the one who takes the capacity away, if nothing has changed since ``token``."""
        return self.update(
            key,
            "SET #state = :stopping, stopper = :me, stopping_since = :now ADD #token :one",
            "#state <> :stopping AND #token = :token",
            values={":me": dict(stopper), ":now": int(now), ":stopping": STOPPING, ":token": token, ":one": 1},
        )

    def stopped(self, item: Item, now: float, *, reaped: bool = False) -> Item | None:
        """Capacity is gone: forget the leases of an item that is stopping under its own token.

        ``ended`` is written whole, since an expression holds four kilobytes; what the meter has taken out of it
        meanwhile it knows again.
        """
        ended = {**item.get("ended", {}), **{key: _ended(held, now) for key, held in item["leases"].items()}}
        remove = " REMOVE stopper, stopping_since"
        return self.update(
            item["pk"],
            "SET #state = :idle, #count = :none, leases = :empty, tokens = :empty, ended = :ended"
            + (f", reaped = :now{remove}" if reaped else f"{remove}, reaped"),
            "#state = :stopping AND #token = :token",
            values={
                ":idle": IDLE,
                ":none": 0,
                ":empty": {},
                ":ended": ended,
                ":stopping": STOPPING,
                ":token": item["token"],
                **({":now": int(now)} if reaped else {}),
            },
        )

    def note(self, key: str, lease: str, what: str, now: float) -> bool:
        """Write once on a lease that something was said about it; whether it was not said before."""
        done = self.update(
            key,
            "SET leases.#id.#what = :now",
            "attribute_exists(leases.#id) AND attribute_not_exists(leases.#id.#what)",
            {"#id": lease, "#what": what},
            {":now": int(now)},
        )
        return done is not None

    def recount(self, item: Item) -> Item | None:
        """Bring the count in line with the leases."""
        return self.update(
            item["pk"],
            "SET #count = :right ADD #token :one",
            "#token = :token",
            values={":right": len(item["leases"]), ":token": item["token"], ":one": 1},
        )

    def forget_ended(self, item: Item) -> None:
        """Drop the ended leases that the meter knows by now; if there are others since, the next one does."""
        self.update(item["pk"], "SET ended = :empty", "#token = :token", values={":empty": {}, ":token": item["token"]})

    def update(
        self,
        key: str,
        change: str,
        condition: str,
        names: Mapping[str, str] | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> Item | None:
        """One conditional update of the pool's item."""
        return self.items.update(key, change, condition, values=values or {}, names={**NAMES, **(names or {})})


def is_pool(item: Mapping[str, Any]) -> bool:
    """Whether an item of the table is a pool's."""
    return str(item["pk"]).startswith(POOL)


def _ended(held: Mapping[str, Any], now: float) -> Item:
    return {"owner": held["owner"], "created": int(held["created"]), "ended": int(now)}
