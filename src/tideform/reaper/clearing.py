"""Ends what nobody holds: strays and what would bring more at once, machines by hand after they were told of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from tideform.reaper import instances, tell
from tideform.reaper.at_work import keep_at_work
from tideform.reaper.base import Clients, Handle, Node
from tideform.reaper.claims import LEASE, utc
from tideform.reaper.fates import NOBODYS
from tideform.reaper.fence import FencedError, fenced
from tideform.reaper.items import Item, Items
from tideform.reaper.keeper import Keeper
from tideform.reaper.legible import seen
from tideform.reaper.outcome import Outcome
from tideform.reaper.pools import POOL
from tideform.reaper.reading import Unreadable, reapable
from tideform.reaper.settings import Settings
from tideform.reaper.sources import Source
from tideform.reaper.steps import Steps
from tideform.reaper.unheld import Sight, Unheld, all_strays, judged, past, quiet

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
            self._past(pool, sight, "the table is out of reach", outcome)
            raise
        item = None if raw is None else reapable(raw, self.clock())
        if isinstance(item, Unreadable):
            self._past(pool, sight, "its pool's item cannot be read", outcome)
            return
        unheld = judged(sight, item)
        with Steps() as steps:  # what the one kind fails with keeps nothing of the other
            steps.take(lambda: self._at_once(pool, item, sight, unheld, outcome))
            steps.take(lambda: self._by_hand(pool, unheld.by_hand, outcome))

    def _past(self, pool: str, sight: Sight, why: str, outcome: Outcome) -> None:
        """What brought them is closed as well, or it would bring the next: unless a claim on it still lives."""
        late = [node for node in sight.machines if past(node.tags, self.clock())]
        with Steps() as steps:
            over = steps.take(lambda: sight.over(self.clock()))
            if over:
                steps.take(lambda: self._close(self.settings.handles.get(pool) or {}, sight.sources))
            steps.take(lambda: instances.end(self.clients, late))
        outcome.did += [f"ended {_words(node)}: its time is over, and {why}" for node in late]
        outcome.did += [f"closed {source.name}: its time is over, and {why}" for source in sight.sources if over]

    def _at_once(self, pool: str, item: Item | None, sight: Sight, unheld: Unheld, outcome: Outcome) -> None:
        try:
            with fenced(lambda: self._require_as_it_was(pool, item)):
                self._end(item, unheld, outcome)
        except FencedError:  # somebody has just begun: the next round looks again
            return
        if item is None:  # else the pool is counted like all others
            self.keeper.ledger.tick(pool, tuple(sight.machines), {}, self.clock())
        outcome.did += [f"ended {_words(node)}, which nobody held: {_why(node)}" for node in unheld.strays]
        outcome.did += [_closed(source) for source in unheld.sources]

    def _end(self, item: Item | None, unheld: Unheld, outcome: Outcome) -> None:
        """What refuses to close keeps no machine: while Batch updates an environment it brings others, for the next
        round."""
        handle: Handle = (item or {}).get("handle") or self.settings.handles.get(outcome.pool) or {}
        with Steps() as steps:
            if quiet(item) and (unheld.strays or unheld.sources):
                if "backend" in handle:
                    mine = partial(self._require_as_it_was, outcome.pool, item)
                    keep_at_work(self.clients, self.items, handle, NOBODYS, self.clock(), outcome, mine)
                steps.take(lambda: self._close(handle, unheld.sources))
            steps.take(lambda: instances.end(self.clients, unheld.strays))

    def _close(self, handle: Handle, sources: Sequence[Source]) -> None:
        with Steps() as steps:
            steps.each(lambda source: source.close(), sources)
            if "backend" in handle:  # its jobs as well, and what only its own backend knows
                steps.take(lambda: self.keeper.stop(handle))

    def _by_hand(self, pool: str, machines: Sequence[Node], outcome: Outcome) -> None:
        """Told when they are first seen, ended a grace later; what was seen is written down before it is told.

        What cannot be read of it was not seen. Where an end is refused, the others are told of all the same.
        """
        with Steps() as steps:
            self._look_at_hand(pool, machines, outcome, steps)

    def _look_at_hand(self, pool: str, machines: Sequence[Node], outcome: Outcome, steps: Steps) -> None:
        key, now = f"{SEEN}{pool}", self.clock()
        written = (self.items.get(key) or {}).get("seen", {})
        before = seen({"seen": written})
        since = {node.id: min(before.get(node.id, now), now) for node in machines}
        due = [node for node in machines if now - since[node.id] >= self.settings.unheld_grace]
        steps.take(lambda: self._end_due(due, outcome))
        if since != written:
            self.items.write({"pk": key, "seen": {machine: int(when) for machine, when in since.items()}})
        if before != written:
            outcome.failure = "since when machines without a lease stand there cannot be read; it counts anew"
        if fresh := [node for node in machines if node.id not in before and node not in due]:
            self._tell(pool, fresh, outcome)

    def _end_due(self, due: Sequence[Node], outcome: Outcome) -> None:
        """Those of a training job end with it."""
        of_jobs = [(strays, node) for strays in all_strays() for node in due if node.type.startswith(strays.TYPES)]
        others = [node for node in due if all(node is not one for _, one in of_jobs)]
        with Steps() as steps:
            steps.each(lambda one: one[0].end(self.clients, one[1]), of_jobs)
            steps.take(lambda: instances.end(self.clients, others))
        outcome.did += [f"ended {_words(node)}, which nobody held: its grace is over" for node in due]

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


def _closed(source: Source) -> str:
    if source.stuck:
        return f"{source.name} asks for machines, and cannot be closed while it is updated: the next round does"
    return f"closed {source.name}: it asked for machines, and nobody held any"


def _why(node: Node) -> str:
    return f"its lease {node.tags[LEASE]} holds nothing" if LEASE in node.tags else "its time is over"


def _since(node: Node) -> str:
    return utc(node.launched)
