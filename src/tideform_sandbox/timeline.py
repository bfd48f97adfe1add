"""What happens in the sandbox by itself: schedules, time-outs, scaling actions, alarms, each at its own time.

Time is the sandbox's `Clock`. When a test moves it, every event that it passes happens in order, with the clock
standing at the event's own time until the event is over: six hours in one step are as six hours one after the other.
An event that waits for others (a function, which calls services) happens aside: time goes no further without it, but
what comes due meanwhile happens.
"""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Callable
from itertools import count

from tideform_sandbox.clock import Clock

log = logging.getLogger(__name__)

Event = Callable[[float], "float | None"]  # what happens at a time; returns when it wants to happen again


class Timeline:
    """Events by key; one thread lets them happen. Every method may be called from any thread, and from an event."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._changed = threading.Condition()
        self._happening = threading.RLock()  # one event at a time, whoever lets it happen
        self._events: dict[str, tuple[float, int, Event]] = {}
        self._slow: set[int] = set()  # the numbers of events that are to happen aside
        self._aside = 0  # how many do so now
        self._order: list[tuple[float, int, str]] = []
        self._count = count()
        self._closed = False
        clock.wake(self._changed)
        self._thread = threading.Thread(target=self._run, name="timeline", daemon=True)
        self._thread.start()

    def at(self, when: float, key: str, event: Event, *, aside: bool = False) -> None:
        """Let ``event`` happen at ``when`` (seconds since the epoch) instead of what was meant to under this key.

        ``aside``: in a thread of its own, because it waits for what other events do.
        """
        with self._changed:
            number = next(self._count)
            if aside:
                self._slow.add(number)
            self._events[key] = (when, number, event)
            heapq.heappush(self._order, (when, number, key))
            self._changed.notify_all()

    def cancel(self, key: str) -> None:
        """Let nothing happen under this key."""
        with self._changed:
            self._events.pop(key, None)

    def advance(self, seconds: float) -> float:
        """Move time forward through every event on the way; returns what time it is now."""
        if seconds < 0:
            raise ValueError("time only moves forward")
        with self._happening:
            until = self.clock.now() + seconds
            while (due := self._settled()) is not None and due <= until:
                self.clock.advance(max(0.0, due - self.clock.now()))
                self._happen()
            return self.clock.advance(max(0.0, until - self.clock.now()))

    def close(self) -> None:
        """Let nothing happen any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _settled(self) -> float | None:
        """When the next event is due, once nothing happens aside any more; what comes due until then happens."""
        while True:
            with self._changed:
                due = self._next()
                if due is None or due > self.clock.now():
                    if not self._aside:
                        return due
                    self.clock.wait(self._changed, due)
                    continue
            self._happen()

    def _next(self) -> float | None:
        """When the next event is due."""
        with self._changed:
            while self._order:
                when, number, key = self._order[0]
                if (found := self._events.get(key)) is not None and found[1] == number:
                    return when
                heapq.heappop(self._order)  # replaced, or cancelled
            return None

    def _happen(self) -> None:
        """Let the first due event happen."""
        with self._changed:
            due = self._next()
            if due is None or due > self.clock.now():
                return
            _, number, key = heapq.heappop(self._order)
            _, _, event = self._events[key]
            aside = number in self._slow
            self._slow.discard(number)
            self._aside += aside
        if aside:
            threading.Thread(target=self._be_aside, args=(due, number, key, event), name=key, daemon=True).start()
        else:
            self._be(due, number, key, event, aside=False)

    def _be_aside(self, due: float, number: int, key: str, event: Event) -> None:
        try:
            self._be(due, number, key, event, aside=True)
        finally:
            with self._changed:
                self._aside -= 1
                self._changed.notify_all()

    def _be(self, due: float, number: int, key: str, event: Event, *, aside: bool) -> None:
        again = None
        try:
            again = event(due)
        except Exception:  # the timeline must outlive a bug: no other schedule would fire any more
            log.exception("what was due under %s failed", key)
        with self._changed:
            if key not in self._events or self._events[key][1] != number:
                return  # the event, or somebody else, has put another one in its place
            del self._events[key]
            if again is not None:
                self.at(again, key, event, aside=aside)

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                due = self._next()
                if due is None or due > self.clock.now():
                    self.clock.wait(self._changed, due)
                    continue
            with self._happening:
                self._happen()
