"""Ends what nobody holds: strays and what would bring more at once, machines by hand after they were told of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tideform.burst.reaper import instances, tell
from tideform.burst.reaper.base import Clients, Handle, Node
from tideform.burst.reaper.claims import LEASE, utc
from tideform.burst.reaper.fence import FencedError, fenced
from tideform.burst.reaper.items import Item, Items
from tideform.burst.reaper.keeper import Keeper
from tideform.burst.reaper.legible import seen
from tideform.burst.reaper.outcome import Outcome
from tideform.burst.reaper.pools import POOL
from tideform.burst.reaper.reading import Unreadable, reapable
from tideform.burst.reaper.settings import Settings
from tideform.burst.reaper.unheld import Sight, Unheld, judged, past, quiet

SEEN = "unheld#"  # the key of what was told of, by pool


@dataclass(frozen=True)
class Clearing:
    """Looks after capacity without a lease; safe between threads. Raises whatever a service refuses with."""

    clients: Clients
    settings: Settings
    items: Items
    keeper: Keeper
    clock: Callable[[], float]

    def settle(self, pool: str, sight: Sight, outcome: Outcome) -> None:
        """One pool: its item is read again, as a lease may have been taken since everything was looked at.

        Where its item or the table cannot be read, what is past the time on its own tags ends all the same. The pool of
        such an item ends whole (`unreadable`); without the table it raises.
        """
        try:
            raw = self.items.get(f"{POOL}{pool}")
        except Exception:
            self._past(sight, "the table is out of reach", outcome)
            raise
        item = None if raw is None else reapable(raw, self.clock())
        if isinstance(item, Unreadable):
            self._past(sight, "its pool's item cannot be read", outcome)
            return
        unheld = judged(sight, item)
        try:
            self._at_once(pool, item, sight, unheld, outcome)
        finally:  # what the one kind fails with keeps nothing of the other
            self._by_hand(pool, unheld.by_hand, outcome)

    def _past(self, sight: Sight, why: str, outcome: Outcome) -> None:
        late = [node for node in sight.machines if past(node.tags, self.clock())]
        instances.end(self.clients, late)
        outcome.did += [f"ended {_words(node)}: its time is over, and {why}" for node in late]

    def _at_once(self, pool: str, item: Item | None, sight: Sight, unheld: Unheld, outcome: Outcome) -> None:
        try:
            with fenced(lambda: self._require_as_it_was(pool, item)):
                self._end(pool, item, unheld)
        except FencedError:  # somebody has just begun: the next round looks again
            return
        if item is None:  # else the pool is counted like all others
            self.keeper.ledger.tick(pool, tuple(sight.machines), {}, self.clock())
        outcome.did += [f"ended {_words(node)}, which nobody held: {_why(node)}" for node in unheld.strays]
        outcome.did += [
            f"closed {source.name}: it asked for machines, and nobody held any" for source in unheld.sources
        ]

    def _end(self, pool: str, item: Item | None, unheld: Unheld) -> None:
        handle: Handle = (item or {}).get("handle") or self.settings.handles.get(pool) or {}
        if quiet(item) and (unheld.strays or unheld.sources):
            for source in unheld.sources:
                source.close()
            if "backend" in handle:  # its jobs as well, and what only its own backend knows
                self.keeper.stop(handle)
        instances.end(self.clients, unheld.strays)

    def _by_hand(self, pool: str, machines: Sequence[Node], outcome: Outcome) -> None:
        """Told when they are first seen, ended a grace later; what was seen is written down before it is told.

        What cannot be read of it was not seen.
        """
        key, now = f"{SEEN}{pool}", self.clock()
        written = (self.items.get(key) or {}).get("seen", {})
        before = seen({"seen": written})
        since = {node.id: min(before.get(node.id, now), now) for node in machines}
        due = [node for node in machines if now - since[node.id] >= self.settings.unheld_grace]
        instances.end(self.clients, due)
        outcome.did += [f"ended {_words(node)}, which nobody held: its grace is over" for node in due]
        if since != written:
            self.items.write({"pk": key, "seen": {machine: int(when) for machine, when in since.items()}})
        if before != written:
            outcome.failure = "since when machines without a lease stand there cannot be read; it counts anew"
        if fresh := [node for node in machines if node.id not in before and node not in due]:
            self._tell(pool, fresh, outcome)

    def _tell(self, pool: str, machines: Sequence[Node], outcome: Outcome) -> None:
        minutes = self.settings.unheld_grace / 60
        lines = [f"{_words(node)}, since {_since(node)}" for node in machines]
        outcome.did += [f"told of {line}: nobody holds it" for line in lines]
        text = f"Machines with the tags of {pool} that no lease holds; they are ended in {minutes:g} minutes:"
        tell.attempt(outcome, lambda: tell.message(self.clients, self.settings, "\n".join([text, *lines])))

    def _require_as_it_was(self, pool: str, item: Item | None) -> None:
        now = self.items.get(f"{POOL}{pool}")
        if (now or {}).get("token") != (item or {}).get("token"):
            raise FencedError(f"{pool} has changed")


def _words(node: Node) -> str:
    return f"{node.id} ({node.type})"


def _why(node: Node) -> str:
    return f"its lease {node.tags[LEASE]} holds nothing" if LEASE in node.tags else "its time is over"


def _since(node: Node) -> str:
    return utc(node.launched)
