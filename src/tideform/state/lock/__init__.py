"""One run at a time may change an environment, and whoever crashed is cleaned up after.

A lock is held alone (apply, destroy), or shared (bursts of different pools, each of
which holds its pool's lock alone, by name). A lock is taken over when its process is dead, or silent and out of
sight; then the engine processes that it left are ended and the engine's own lock files are cleared, before anything
else happens.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tideform.process import Process, user
from tideform.state.lock import engine_locks
from tideform.state.lock.held import Held
from tideform.state.lock.record import HEARTBEAT_SECONDS, BlockedError, Holder, Record
from tideform.state.lock.store import Store
from tideform.state.lock.words import locked, lost, who_holds
from tideform.state.processes import end_run

__all__ = ["Held", "Lock", "OnWait"]

_POLL_SECONDS = 1.0
OnWait = Callable[[str], None]


class Lock:
    """One lock, by where its record is kept; ``label`` names what it guards in messages."""

    def __init__(self, store: Store, label: str, *, heartbeat: float = HEARTBEAT_SECONDS) -> None:
        self.store = store
        self.label = label
        self._heartbeat = heartbeat

    @contextmanager
    def hold(
        self,
        operation: str,
        *,
        shared: bool = False,
        wait: float = 0.0,
        run: str = "",
        on_wait: OnWait = lambda _: None,
        on_lost: Callable[[str], None] = lambda _: None,
    ) -> Iterator[Held]:
        """Hold the lock for ``operation``, waiting up to ``wait`` seconds for those who hold it.

        ``run`` is the mark of this run's engine processes if it holds another lock already, so that whoever takes
        over either of them finds these. ``on_wait`` hears once who holds it. ``on_lost`` hears why the lock was
        lost, in another thread, after this run's engine processes have been ended. Raises `LockedError` TD411
        (held by somebody), TD412 (lost).
        """
        holder, lost_hosts = self._enter(run or uuid.uuid4().hex, operation, shared, time.monotonic() + wait, on_wait)
        held = Held(self.store, holder, self.label, on_lost)
        held.start(self._heartbeat)
        try:
            self._clean_up(held, holder, lost_hosts)
            yield held
        except Exception as error:
            if held.lost:  # whatever failed, failed because of that
                raise lost(self.label, held.lost) from error
            raise
        finally:
            held.release()
        held.check()

    def holders(self) -> tuple[Holder, ...]:
        """Who holds the lock now and lives; changes nothing."""
        record, now = self.store.read(), self.store.now()
        return tuple(holder for holder in record.holders if holder not in record.gone(now))

    def _enter(
        self, run: str, operation: str, shared: bool, deadline: float, on_wait: OnWait
    ) -> tuple[Holder, set[str]]:
        """Come in; also returns the machines out of sight whose runs were all taken over."""
        told = False
        while True:
            try:
                return self._try_to_enter(run, operation, shared)
            except BlockedError as error:
                if time.monotonic() >= deadline:
                    raise locked(self.label, error.holders, self.store.now()) from None
                if not told:
                    on_wait(who_holds(error.holders, self.store.now()))
                told = True
                threading.Event().wait(min(_POLL_SECONDS, max(0.0, deadline - time.monotonic())))

    def _try_to_enter(self, run: str, operation: str, shared: bool) -> tuple[Holder, set[str]]:
        lost_hosts: set[str] = set()

        def admit(record: Record) -> Record:
            now = self.store.now()
            newcomer = Holder(run, user(), operation, Process.current(), now, now, shared)
            admitted = record.admit(newcomer, now)
            gone = record.gone(now)
            lost_hosts.update(other.process.host for other in gone if not other.process.is_ours)
            lost_hosts.difference_update(other.process.host for other in record.holders if other not in gone)
            return admitted

        record = self.store.update(admit)
        holder = record.holder(run)
        if holder is None:
            raise AssertionError("the store lost a record that it had taken")
        return holder, lost_hosts

    def _clean_up(self, held: Held, holder: Holder, lost_hosts: set[str]) -> None:
        """End what dead runs left here, and clear the engine's locks that nobody holds any more."""
        for run in held.took_over:
            end_run(run, holder.noted)
        engine_locks.clear(self.store, lost_hosts)
        if held.took_over:
            held.settle()
