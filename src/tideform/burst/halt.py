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
Limit = Callable[[], None]  # raises when the burst has to stop
Pause = Callable[[float], None]  # waits so many seconds; raises if there is no sense in waiting longer
_LOOK_SECONDS = 15.0


def silent(_: str) -> None:
    """Say nothing."""


class Halt:
    """The reasons to stop, looked at in turn; a signal comes first."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.signal: signal.Signals | None = None
        self.limits: list[Limit] = []

    def ask(self, number: signal.Signals) -> None:
        """Somebody wants it to stop; the first signal counts."""
        self.signal = self.signal or number
        self._asked.set()

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than until somebody asks to stop."""
        self._asked.wait(seconds)

    def check(self) -> None:
        """Raise if there is a reason to stop: `InterruptedRunError` for a signal, else what a limit raises."""
        if self.signal is not None:
            raise interrupted(self.signal)
        for limit in self.limits:
            limit()

    def pause(self, seconds: float) -> None:
        """Wait, and raise if there is a reason to stop."""
        self.wait(seconds)
        self.check()


@contextmanager
def halting(say: Say) -> Iterator[Halt]:
    """Turn SIGINT, SIGTERM and SIGHUP into a `Halt`, for as long as capacity may be there.

    Outside the main thread signals cannot be caught; there the halt has its limits only.
    """
    halt = Halt()

    def note(number: int, _frame: FrameType | None) -> None:
        if halt.signal is not None:
            say("Still taking the capacity away, so that nothing goes on costing money. This ends by itself.")
        else:
            say("Stopping: the job is ended and the capacity taken away. Asking again does not shorten that.")
        halt.ask(signal.Signals(number))

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


@contextmanager
def uncut(say: Say) -> Iterator[Halt]:
    """For a teardown inside another command: a signal that comes meanwhile takes its effect afterwards."""
    with halting(say) as halt:
        yield halt
    if halt.signal is not None:
        signal.raise_signal(halt.signal)


def now_and_then(limit: Limit, clock: Callable[[], float]) -> Limit:
    """A limit that costs a call to a service, asked every 15 seconds at most."""
    next_look = 0.0

    def rarely() -> None:
        nonlocal next_look
        if clock() >= next_look:
            next_look = clock() + _LOOK_SECONDS
            limit()

    return rarely


def interrupted(number: signal.Signals) -> TideformError:
    """What a signal becomes once everything is in order again."""
    return InterruptedRunError.of(
        "TD613",
        "The burst was interrupted",
        detail=f"{number.name} was received; what had been started was ended before it had finished.",
    )


def limit_reached(why: str) -> TideformError:
    """What a deadline or a spend cap becomes."""
    return RefusedError.of(
        "TD607",
        "The burst reached its limit",
        detail=f"{why}; the job was ended before it had finished.",
        fix="Raise `lease` or `max_cost` of the pool, or let the job save checkpoints and run it again.",
    )
