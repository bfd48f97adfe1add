"""Why a burst has to stop: a signal, its deadline, or its spend cap. Asked for at every poll, never an exception.

A signal must not cut a teardown short wherever it happens to be, so its handler only leaves a note. Whoever waits,
waits through `Halt.wait`, which returns as soon as there is one.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from tideform.errors import InterruptedRunError, RefusedError, TideformError

Say = Callable[[str], None]
Limit = Callable[[], str]  # why the burst has to stop; empty while it need not


def silent(_: str) -> None:
    """Say nothing."""


class Halt:
    """The reasons to stop, looked at in turn; a signal comes first."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._signal = ""
        self.limits: list[Limit] = []

    def ask(self, name: str) -> None:
        """Somebody wants it to stop; ``name`` is the signal's."""
        self._signal = self._signal or name
        self._asked.set()

    @property
    def asked(self) -> bool:
        """Whether somebody has asked."""
        return self._asked.is_set()

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than until somebody asks to stop."""
        self._asked.wait(seconds)

    def check(self) -> None:
        """Raise if there is a reason to stop: `InterruptedRunError`, or `RefusedError` TD607 for a limit."""
        if self._signal:
            raise _interrupted(self._signal)
        for limit in self.limits:
            if why := limit():
                raise _limit_reached(why)


@contextmanager
def halting(say: Say) -> Iterator[Halt]:
    """Turn SIGINT, SIGTERM and SIGHUP into a `Halt`, for as long as capacity may be there.

    Outside the main thread signals cannot be caught; there the halt has its limits only.
    """
    halt = Halt()

    def note(number: int, _frame: FrameType | None) -> None:
        if halt.asked:
            say("Still taking the capacity away, so that nothing goes on costing money. This ends by itself.")
        else:
            say("Stopping: the job is ended and the capacity taken away. Asking again does not shorten that.")
        halt.ask(signal.Signals(number).name)

    if threading.current_thread() is not threading.main_thread():
        yield halt
        return
    caught = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means: go on
        caught.append(signal.SIGHUP)
    before = {number: signal.signal(number, note) for number in caught}
    try:
        yield halt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupted(name: str) -> TideformError:
    return InterruptedRunError.of(
        "TD613",
        "The burst was interrupted",
        detail=f"{name} was received; the job was ended before it had finished.",
    )


def _limit_reached(why: str) -> TideformError:
    return RefusedError.of(
        "TD607",
        "The burst reached its limit",
        detail=f"{why}; the job was ended before it had finished.",
        fix="Raise `lease` or `max_cost` of the pool, or let the job save checkpoints and run it again.",
    )
