"""How a pool's item changes when leases end: the same conditional updates for the command line and the reaper.

An item has ``state``, ``count``, ``token`` (it grows with every change of what holds capacity), ``leases`` and their
``tokens``, ``ended`` (leases that the meter has not been told of), ``handle`` and ``prices``, and ``begun`` where a
burst has ever begun by itself: when the last one did. ``fence`` is the token of the last teardown (`claims`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tideform.reaper.fence import FencedError
from tideform.reaper.items import Item, Items
from tideform.reaper.legible import moment, number, text
from tideform.reaper.shares import MACHINES
from tideform.reaper.states import IDLE, STOPPING, UP

POOL = "pool#"
NAMES = {"#count": "count", "#state": "state", "#token": "token"}
# What of a handle leads to the capacity; all else of it follows from the project, the environment and the pool.
_PLACE = ("backend", "cluster", "context")


@dataclass(frozen=True)
class Pools:
    """The pools of one lease table, each by its key. None means that the item has changed meanwhile."""

    items: Items

    def all(self) -> list[Item]:
        """Every pool's item."""
        return [item for item in self.items.all() if is_pool(item)]

    def acquire(
        self,
        key: str,
        lease: str,
        held: Mapping[str, Any],
        handle: Mapping[str, Any],
        prices: Mapping[str, float],
        *,
        seen: int | None = None,
    ) -> Item | None:
        """Add a lease, and how its pool is ended and priced; the item is made where there is none.

        A handle that leads to another place is kept: it is all by which what stands there is found. Whoever has seen
        that nothing does forgets it (`forget_place`). ``seen`` is the token under which the item was read, for whoever
        may come only if nobody has come or gone since.
        """
        self.update(  # an update cannot set a key inside a map that does not exist
            key,
            "SET leases = :empty, tokens = :empty, ended = :empty, #count = :zero, #token = :zero, #state = :idle",
            "attribute_not_exists(pk)",
            values={":empty": {}, ":zero": 0, ":idle": IDLE},
        )
        place = {name: handle[name] for name in _PLACE if name in handle}
        same = [f"(attribute_not_exists(handle.#{name}) OR handle.#{name} = :{name})" for name in place]
        since = () if seen is None else ("#token = :seen",)
        return self.update(
            key,
            "SET leases.#id = :lease, tokens.#id = #token + :one, handle = :handle, prices = :prices "
            "ADD #count :one, #token :one",
            " AND ".join(("attribute_not_exists(leases.#id)", "#state <> :stopping", *since, *same)),
            {"#id": lease, **{f"#{name}": name for name in place}},
            {
                ":lease": dict(held),
                ":handle": dict(handle),
                ":prices": dict(prices),
                ":one": 1,
                ":stopping": STOPPING,
                **{f":{name}": value for name, value in place.items()},
                **({} if seen is None else {":seen": seen}),
            },
        )

    def forget_place(self, key: str, token: int) -> Item | None:
        """Forget how the capacity is found, after nothing of it was there: nobody has come since ``token``."""
        condition = "#token = :token AND #state = :idle AND #count = :zero"
        return self.update(key, "REMOVE handle", condition, values={":token": token, ":idle": IDLE, ":zero": 0})

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
            "SET #state = :idle, #count = :none, leases = :empty, tokens = :empty, ended = :ended, fence = :token"
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

    def require_stopping(self, item: Item) -> None:
        """Raise `FencedError` unless the pool is still being taken down under the token of ``item``.

        Whoever was frozen in its teardown finds that somebody else has finished it, and maybe that a third one holds
        the pool: nothing that stands now is its own.
        """
        now = self.items.get(item["pk"]) or {}
        if now.get("state") != STOPPING or now.get("token") != item["token"]:
            raise FencedError(f"{item['pk']} is no longer taken down under the token {item['token']}")

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

    def begin_again(self, key: str, lease: str, seen: int | None, now: int) -> bool:
        """Be the one who begins a lease's job anew, if nobody has since ``seen``, when somebody did last."""
        same = "attribute_not_exists(leases.#id.#again)" if seen is None else "leases.#id.#again = :seen"
        done = self.update(
            key,
            "SET leases.#id.#again = :now",
            f"attribute_exists(leases.#id) AND #state = :up AND {same}",
            {"#id": lease, "#again": "again"},
            {":now": now, ":up": UP, **({} if seen is None else {":seen": seen})},
        )
        return done is not None

    def begun_again(self, key: str, lease: str, claim: int, job: str) -> None:
        """Write what the job is called now, for whoever began it anew at ``claim``."""
        self.update(
            key,
            "SET leases.#id.#job = :job",
            "attribute_exists(leases.#id) AND leases.#id.#again = :claim",
            {"#id": lease, "#again": "again", "#job": "job"},
            {":job": job, ":claim": claim},
        )

    def mend(self, broken: Item, handle: Mapping[str, Any], now: float) -> bool:
        """Write a whole item in the place of one that cannot be read, unless that has changed meanwhile.

        Its token is larger than any that was given before: they count changes, and never come to as many as seconds.
        Its leases have ended, and so far as they can be read the meter is told of them.
        """
        token = broken.get("token")
        larger = token + 1 if isinstance(token, int) and not isinstance(token, bool) and token > now else int(now)
        whole = {"pk": broken["pk"], "state": IDLE, "count": 0, "token": larger, "fence": larger, "reaped": int(now)}
        whole |= {"leases": {}, "tokens": {}, "handle": dict(handle)}
        whole |= {"ended": _salvaged(broken, now), "prices": _prices(broken)}
        same = "#token = :token" if "token" in broken else "attribute_not_exists(#token)"
        values = {":token": token} if "token" in broken else {}
        return self.items.put(whole, same, values, NAMES)

    def reserve(self, item: Item, lease: str, machines: int) -> Item | None:
        """Write how many machines the jobs of a lease take, beside what the others of ``item`` have taken."""
        return self.update(
            item["pk"],
            "SET leases.#id.#machines = :machines ADD #token :one",
            "attribute_exists(leases.#id) AND #state <> :stopping AND #token = :token",
            {"#id": lease, "#machines": MACHINES},
            {":machines": machines, ":one": 1, ":stopping": STOPPING, ":token": item["token"]},
        )

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


def same_place(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two handles lead to the same capacity; one that says nothing leads anywhere."""
    return all(one.get(key, other.get(key)) == other.get(key, one.get(key)) for key in _PLACE)


def is_pool(item: Mapping[str, Any]) -> bool:
    """Whether an item of the table is a pool's."""
    return str(item["pk"]).startswith(POOL)


def _salvaged(broken: Item, now: float) -> dict[str, Item]:
    leases = broken.get("leases")
    several = leases.items() if isinstance(leases, Mapping) else ()
    return {str(lease): _ended(held, now) for lease, held in several if _told_by(held, now)}


def _told_by(held: object, now: float) -> bool:
    if not isinstance(held, Mapping) or not text(held.get("owner")) or not moment(held.get("created")):
        return False
    return bool(held["created"] <= now) and text(held.get("mode", ""))


def _prices(broken: Item) -> dict[str, Any]:
    prices = broken.get("prices")
    return dict(prices) if isinstance(prices, Mapping) and all(map(number, prices.values())) else {}


def _ended(held: Mapping[str, Any], now: float) -> Item:
    mode = {"mode": held["mode"]} if "mode" in held else {}
    return {"owner": held["owner"], "created": int(held["created"]), "ended": int(now), **mode}
