"""Why a burst has to stop: a signal, its deadline, or its spend cap. Asked for at every poll, never an exception.

A signal must not cut a teardown short wherever it happens to be, so its handler only leaves a note. Whoever waits,
waits through `Halt.wait`, which returns as soon as there is one.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from queue import Empty, SimpleQueue
from types import FrameType

from tideform import outlets
from tideform.errors import InterruptedRunError, RefusedError, TideformError
from tideform.signals import hang_up_ignored, heeding, writing_in_the_background

Say = Callable[[str], None]
Limit = Callable[[], None]  # raises when the burst has to stop
Pause = Callable[[float], None]  # waits so many seconds; raises if there is no sense in waiting longer
_LOOK_SECONDS = 15.0
_READER_SECONDS = 1.0  # between two looks at whether anybody reads what is printed: a job may print nothing for hours
_STOPPING = "Stopping: the job is ended and the capacity taken away. Asking again does not shorten that."
_AGAIN = "Still taking the capacity away, so that nothing goes on costing money. This ends by itself."
_TEARDOWN = (_STOPPING, _AGAIN)
AT_HAND = ("Stopping after the step at hand, which is not left half done.",) * 2  # for what begins and ends by itself


def silent(_: str) -> None:
    """Say nothing."""


class Halt:
    """The reasons to stop, looked at in turn; a signal comes first. ``asked`` counts how often somebody asked.

    Who waits through it tells ``say`` what for.
    """

    def __init__(self, say: Say = silent) -> None:
        self.say = say
        self._woken: SimpleQueue[None] = SimpleQueue()  # unlike an event, it may be set inside its own wait
        self.signal: signal.Signals | None = None
        self.asked = 0
        self.limits: list[Limit] = []

    def ask(self, number: signal.Signals) -> None:
        """Somebody wants it to stop; the first signal counts. Safe in a signal handler."""
        self.signal = self.signal or number
        self.asked += 1
        self._woken.put(None)

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than until somebody asks to stop."""
        with suppress(Empty):
            self._woken.get(timeout=max(0.0, seconds))
            self._woken.put(None)  # for whoever waits beside us, or later

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
def halting(say: Say, *, needs_reader: bool = True, told: tuple[str, str] = _TEARDOWN) -> Iterator[Halt]:
    """Turn every signal that asks to end into a `Halt`, for as long as capacity may be there.

    What is printed can stop nothing from here on (`tideform.outlets`). A reader that goes away asks to stop, as a
    terminal does that is closed; not where ``needs_reader`` is off, and not under nohup. ``told`` is what is said to
    the first signal, and to each after it. Outside the main thread signals cannot be caught; there the halt has its
    limits only.
    """
    halt = Halt(say)
    heard: SimpleQueue[str | None] = SimpleQueue()

    def note(number: int, _frame: FrameType | None = None) -> None:
        heard.put(told[0] if halt.signal is None else told[1])
        halt.ask(signal.Signals(number))
        outlets.hurry()

    outlets.carry_on()
    listens = needs_reader and not hang_up_ignored()
    with (
        _answering(heard, say),
        heeding(note),
        writing_in_the_background(),
        outlets.on_reader_gone(partial(note, signal.SIGPIPE)) if listens else nullcontext(),
    ):
        yield halt


@contextmanager
def _answering(heard: SimpleQueue[str | None], say: Say) -> Iterator[None]:
    """Say what is heard, in a thread: a handler that prints would meet the very print that it has interrupted."""

    def answer() -> None:
        while True:
            try:
                text = heard.get(timeout=_READER_SECONDS)
            except Empty:
                outlets.look()
                continue
            if text is None:
                return
            say(text)

    thread = threading.Thread(target=answer, name="halt-answers", daemon=True)
    thread.start()
    try:
        yield
    finally:
        heard.put(None)
        thread.join()


@contextmanager
def uncut(say: Say, told: tuple[str, str] = _TEARDOWN) -> Iterator[Halt]:
    """For what must not be left half done: a signal that comes meanwhile takes its effect afterwards."""
    with halting(say, needs_reader=False, told=told) as halt:
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
    why = "Nobody reads its output any more" if number == signal.SIGPIPE else f"{number.name} was received"
    return InterruptedRunError.of(
        "TD613",
        "The burst was interrupted",
        detail=f"{why}; what had been started was ended before it had finished.",
        fix="Run it again; `--resume last` goes on with its last checkpoint, where it saves any.",
    )


def limit_reached(why: str) -> TideformError:
    """What a deadline or a spend cap becomes."""
    return RefusedError.of(
        "TD607",
        "The burst reached its limit",
        detail=f"{why}; the job was ended before it had finished.",
        fix="Raise `lease` or `max_cost` of the pool, or let the job save checkpoints and run it again.",
    )
