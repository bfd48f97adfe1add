"""Jobs that nobody follows and that lost their machines: begun anew by one round alone, and never without a lease.

Two rounds may look at once, and one may be frozen between its look and its request. So whoever begins a job anew
writes that on the lease first, where nothing has changed since it was read, and each request that leaves asks whether
it stands there still and the pool is not being taken down: an end wins over a new attempt at any moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tideform.reaper.base import Clients
from tideform.reaper.claims import lost
from tideform.reaper.fence import STARTS, FencedError, fenced
from tideform.reaper.items import Item
from tideform.reaper.outcome import Outcome
from tideform.reaper.pools import Pools
from tideform.reaper.reading import Unreadable, read
from tideform.reaper.starting import starting
from tideform.reaper.starting.base import Again, Turn
from tideform.reaper.states import UP


@dataclass(frozen=True)
class Resuming:
    """For the leases of one pool, by its ``item`` as this round has read it; ``outcome`` says what was done."""

    clients: Clients
    pools: Pools
    clock: Callable[[], float]
    item: Item
    outcome: Outcome

    def look(self, lease: str) -> Again:
        """Begin the lease's job anew where it lost its machines and may have another attempt."""
        if self.item["state"] != UP:
            return Again()
        held, now = self.item["leases"][lease], self.clock()
        turn = Turn(
            lease=lease,
            since=float(held["created"]),
            now=now,
            rest=int(held["deadline"] - now),
            claimed=lambda begin: self._claimed(lease, begin),
        )
        handle = self.item["handle"]
        came = starting(handle["backend"]).again(self.clients, handle, turn)
        self.outcome.did += came.did
        self.outcome.waiting = self.outcome.waiting or came.waits
        return came

    def _claimed(self, lease: str, begin: Callable[[], str]) -> bool:
        now, seen = int(self.clock()), self.item["leases"][lease].get("again")
        if not self.pools.begin_again(self.item["pk"], lease, seen, now):
            return False
        try:
            with fenced(lambda: self._require(lease, now), STARTS):
                job = begin()
        except FencedError:
            return False
        self.pools.begun_again(self.item["pk"], lease, now, job)
        return True

    def _require(self, lease: str, claim: int) -> None:
        """Raises `FencedError` unless this round is still the one that begins the job anew."""
        now = self.clock()
        item = read(self.pools.items.get(self.item["pk"]) or {}, now)
        if isinstance(item, Unreadable):
            raise FencedError(f"the pool's item cannot be read: {item.why}")
        if why := lost(item, lease, now):
            raise FencedError(why)
        if item["leases"][lease].get("again") != claim:
            raise FencedError("another round begins its job anew")
