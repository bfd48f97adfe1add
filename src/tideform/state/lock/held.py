"""A lock while it is held: its heartbeat, what it means to lose it, and letting go."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from tideform.process import Process
from tideform.state.lock.record import HEARTBEAT_SECONDS, STALE_SECONDS, Holder, Record
from tideform.state.lock.store import Store
from tideform.state.lock.words import lost
from tideform.state.processes import VARIABLE, end_run, engines_of

_log = logging.getLogger(__name__)
# Ours is stale for others after STALE_SECONDS; by then we must have stopped by ourselves.
_GIVE_UP_SECONDS = STALE_SECONDS - HEARTBEAT_SECONDS


class _TakenError(Exception):
    """The record no longer names us."""


class Held:
    """The lock in this run's hands. ``token`` fences: whatever carries a smaller one is of an older run.

    ``took_over`` are the runs that a crash left holding it, whose processes have been ended: a hint that their
    work wants recovery. Put ``environ`` into the environment of every engine process.
    """

    def __init__(self, store: Store, holder: Holder, label: str, on_lost: Callable[[str], None]) -> None:
        self._store = store
        self._label = label
        self._on_lost = on_lost
        self._over = threading.Event()
        self._every = HEARTBEAT_SECONDS
        self._thread = threading.Thread(target=self._beat_until_over, name="lock-heartbeat", daemon=True)
        self.run = holder.run
        self.token = holder.token
        self.took_over = tuple(run for run in holder.runs if run != holder.run)
        self.lost = ""  # why, once it is

    @property
    def environ(self) -> dict[str, str]:
        """The mark by which a later run finds this one's engine processes."""
        return {VARIABLE: self.run}

    def check(self) -> None:
        """Raise `LockedError` TD412 if the lock has been lost; call it before each step that cannot be undone."""
        if self.lost:
            raise lost(self._label, self.lost)

    def note_process(self, pid: int) -> None:
        """Write down a process that has to be ended if this run dies (for systems where marks cannot be read)."""
        process = Process.of(pid)
        self._update(lambda holder: replace(holder, noted=(*holder.noted, process)))

    def start(self, every: float) -> None:
        """Begin the heartbeat, every so many seconds."""
        self._every = every
        self._thread.start()

    def release(self) -> None:
        """Stop the heartbeat and let go; harmless when the lock is no longer ours.

        While an engine of this run still works (somebody pressed Ctrl-C twice), the lock stays where it is: with
        this process dead, the next run takes it over, ends that engine, and recovers what it was doing.
        """
        self._over.set()
        self._thread.join()
        if engines_of(self.run):
            return
        try:
            self._store.update(lambda record: record.without(self.run))
        except Exception as error:  # noqa: BLE001  # whatever a store may raise; our death lets others in as well
            _log.warning("the lock of %s could not be let go: %s", self._label, error)

    def settle(self) -> None:
        """Note that the processes of the runs we took over from have ended."""
        self._update(lambda holder: replace(holder, runs=(self.run,), noted=()))

    def beat(self) -> None:
        """Say that we live; raises if the record no longer names us."""
        self._update(lambda holder: replace(holder, heartbeat=self._store.now()))

    def _update(self, how: Callable[[Holder], Holder]) -> None:
        def change(record: Record) -> Record:
            if record.holder(self.run) is None:
                raise _TakenError
            return record.change(self.run, how)

        self._store.update(change)

    def _beat_until_over(self) -> None:
        last = time.monotonic()
        while not self._over.wait(self._every):
            try:
                self.beat()
                last = time.monotonic()
            except _TakenError:
                return self._lose("another run has taken it over")
            except Exception as error:  # noqa: BLE001  # whatever a store may raise: the next beat may work
                _log.warning("heartbeat of the lock of %s failed: %s", self._label, error)
                if time.monotonic() - last > _GIVE_UP_SECONDS:
                    return self._lose(f"its heartbeat could not be written for {_GIVE_UP_SECONDS:.0f} s: {error}")
        return None

    def _lose(self, why: str) -> None:
        """The engine must stop at once: somebody else may be changing the same things already."""
        self.lost = why
        _log.error("the lock of %s is lost: %s", self._label, why)
        end_run(self.run)
        self._on_lost(why)
