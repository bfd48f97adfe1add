"""The sandbox's time: the machine's, plus what tests moved it forward by.

Whatever in the sandbox happens "after a while" (a job's time-out, an idle delay) waits here, so that a test can let
hours pass in no time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Clock:
    """Time in seconds since the epoch. Safe to use from several threads. ``base`` is the machine's time."""

    def __init__(self, base: Callable[[], float] = time.time) -> None:
        self._base = base
        self._offset = 0.0
        self._sleepers: list[threading.Condition] = []

    def now(self) -> float:
        """What time it is in the sandbox."""
        return self._base() + self._offset

    @property
    def offset(self) -> float:
        """How far the sandbox's time is ahead of the machine's."""
        return self._offset

    def advance(self, seconds: float) -> float:
        """Move time forward, wake whoever waits for it, and say what time it is now."""
        if seconds < 0:
            raise ValueError("time only moves forward")
        self._offset += seconds
        for condition in list(self._sleepers):
            with condition:
                condition.notify_all()
        return self.now()

    def wake(self, condition: threading.Condition) -> None:
        """Register a condition to be notified whenever time is moved."""
        self._sleepers.append(condition)

    def wait(self, condition: threading.Condition, until: float | None) -> None:
        """Wait on a held, registered condition: until it is notified, or the sandbox's time has come."""
        condition.wait(None if until is None else max(0.0, until - self.now()))
