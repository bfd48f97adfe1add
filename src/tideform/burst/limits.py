"""What a burst is held to from its lease on: its time, and that the lease table still says it is held."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass

from tideform.burst.halt import Halt, Limit, limit_reached, now_and_then
from tideform.burst.lease import Lease, State
from tideform.burst.others import ended_elsewhere
from tideform.burst.persistence import patiently, tolerating
from tideform.burst.teardown import Teardown
from tideform.errors import CloudError, RefusedError
from tideform.reaper.fence import STARTS, fenced
from tideform.spec.quantities import Duration

_NO_END = "TD612"  # the job did not run to its end
_EARLY = (_NO_END, "TD690")  # or nothing is started without a lease
_ROUNDED = 2.0  # seconds by which a service may end a job early: it is told whole ones, and tells of its end later


@dataclass(frozen=True)
class Limits:
    """Of one lease, which was written to be ``allowed`` long."""

    teardown: Teardown
    lease: Lease
    allowed: Duration
    halt: Halt

    def in_time(self, early: float = 0.0) -> None:
        """Raises `RefusedError` TD607 once the lease is over, wherever `burst extend` may have moved its end."""
        now = self.teardown.clock() + early
        if now < self.lease.deadline:
            return
        try:
            held = self.teardown.table.get(self.lease.pool).lease(self.lease.id)
        except CloudError as error:
            raise limit_reached(f"its lease of {self.allowed} is over, and no other end can be read") from error
        if held is None or now >= held.deadline:
            raise limit_reached(f"its lease of {self.allowed} is over")

    def still_held(self) -> None:
        """Raises `RefusedError` TD614 where another command has ended the lease."""
        record = self.teardown.table.get(self.lease.pool)
        if record.lease(self.lease.id) is None or record.state is State.STOPPING:
            raise ended_elsewhere(self.lease.pool)

    def now_and_then(self, limit: Limit) -> Limit:
        """A limit that asks a service: neither at every poll, nor so that the work ends with the first refusal."""
        return now_and_then(tolerating(limit, self.teardown.say), self.teardown.clock)

    def while_held(self) -> AbstractContextManager[None]:
        """Whatever starts capacity or work leaves only while the table says that the lease holds.

        While the table is away it waits: nothing is started without an answer.
        """
        table, teardown = self.teardown.table, self.teardown

        def held() -> None:
            patiently(lambda: table.claim(self.lease, teardown.clock()), teardown.say, self.halt.pause)

        return fenced(held, STARTS)

    @contextmanager
    def telling_who_ended_it(self) -> Iterator[None]:
        """A job that ended early, or was not begun, as its lease ended has nothing wrong with it.

        Raises `RefusedError`: TD614 where another command has ended it, TD607 where its time was up.
        """
        try:
            yield
        except RefusedError as error:
            if error.diagnostics[0].code in _EARLY:
                with suppress(CloudError):
                    self.still_held()
            if error.diagnostics[0].code == _NO_END:  # a time-out, which is what was left of the lease
                self.in_time(_ROUNDED)
            raise
