"""Capacity that does nothing: since when, by the machines' own signals, and whether that is too long.

The pool's handle says how long it may (``idle_seconds``). What was seen last is an item of its own, ``work#<pool>``:
``idle_since`` in epoch seconds, 0 while there was work. It counts from the latest of that, the youngest machine's
launch, and the beginning of the youngest lease: whoever has just come has had no time to begin.
"""

from __future__ import annotations

from dataclasses import dataclass

from tideform.reaper.base import Clients
from tideform.reaper.decide import BETWEEN
from tideform.reaper.endings import ending
from tideform.reaper.items import Item, Items
from tideform.reaper.ledger import pool_of
from tideform.reaper.legible import idle_since
from tideform.reaper.outcome import Outcome

WORK = "work#"
WARNED_IDLE = "warned_idle"  # written on a lease when it was told, as `decide.WARNINGS` are
_COST = ("pending", "running", "warm")  # states of machines that are paid for


@dataclass(frozen=True)
class Idleness:
    """For how many seconds a pool has been idle, and how many it may be; nothing is said of one that works."""

    seconds: float = 0.0
    allowed: float | None = None

    @property
    def over(self) -> bool:
        return self.allowed is not None and self.seconds >= self.allowed

    @property
    def soon(self) -> bool:
        """Whether it is over by the end of the next round."""
        return self.allowed is not None and self.seconds >= max(self.allowed - BETWEEN, self.allowed / 2)

    @property
    def why(self) -> str:
        """What people are told of its end."""
        return f"nothing has run on it for {self.seconds / 60:.0f} minutes, and its idle_timeout is over"


def look(clients: Clients, items: Items, item: Item, now: float, outcome: Outcome) -> Idleness:
    """How idle an ``up`` pool is, by its item; what was seen is written for the next round.

    Where the last round's word cannot be read it counts from now on, and that is told as a failure.
    """
    handle = item["handle"]
    backend, allowed = ending(handle["backend"]), handle.get("idle_seconds")
    machines = [node for node in backend.nodes(clients, handle) if node.state in _COST]
    if allowed is None or not machines:
        return Idleness()
    key = f"{WORK}{pool_of(item['pk'])}"
    if any(node.state == "pending" for node in machines) or backend.busy(clients, handle, now):
        items.write({"pk": key, "idle_since": 0})
        return Idleness()
    begun = [*(node.launched for node in machines), *(float(held["created"]) for held in item["leases"].values())]
    since = max(_seen(items.get(key), now, outcome), *begun)
    items.write({"pk": key, "idle_since": int(since)})
    return Idleness(max(0.0, now - since), float(allowed))


def _seen(before: Item | None, now: float, outcome: Outcome) -> float:
    """Since when nothing runs by what the last round wrote: 0 where none did, now where it saw work."""
    if before is None:
        return 0.0
    since = idle_since(before)
    if since is None:
        outcome.failure = f"since when it is idle cannot be read ({str(before.get('idle_since'))[:40]!r})"
    return min(since, now) if since else now
