"""Standard output and error that cannot stop what is being done.

`guard` puts both behind a raw stream of ours, below every buffer: whatever prints (a view, the log, a warning, a
thread's last words, the interpreter's own last flush) goes through it. Until something has begun that has to come to
its end, a lost stream ends the command as it always did. From `carry_on` on it is dropped and the work goes on: a
reader that has gone, a terminal that hung up, a full disk under a log, and a reader that takes nothing any more.
"""

from __future__ import annotations

import errno
import io
import os
import select
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_PATIENCE = 30.0  # seconds for a reader that takes nothing: a job's limits are not looked at meanwhile
_HURRIED = 2.0  # the same once somebody has asked to stop
_SLICE = 0.2  # seconds between two looks at whether there is a hurry
_GONE = (errno.EPIPE, errno.EIO, errno.EBADF, errno.ENXIO)  # what never comes back; a full disk may


class ReaderGoneError(BrokenPipeError):
    """Nobody reads our output any more, and nothing has begun yet."""


class OutputLostError(OSError):
    """Our output cannot be written, and nothing has begun yet."""


@dataclass
class _Course:
    """What holds for both streams of this process."""

    carries_on: bool = False
    hurried: bool = False
    reader_gone: bool = False
    listeners: list[Callable[[], None]] = field(default_factory=list)
    outlets: list[Outlet] = field(default_factory=list)

    def tell(self) -> None:
        self.reader_gone = True
        for listener in tuple(self.listeners):
            listener()


_course = _Course()


class Outlet(io.RawIOBase):
    """One of the process's streams by its number; ``course`` says what a loss means."""

    def __init__(self, number: int, course: _Course = _course) -> None:
        self._number, self._course = number, course
        self._lock = threading.Lock()
        self._lost, self._missed = False, 0  # bytes that nobody took

    def fileno(self) -> int:
        """The descriptor's number."""
        return self._number

    def isatty(self) -> bool:
        """Whether somebody looks."""
        return not self._lost and os.isatty(self._number)

    def writable(self) -> bool:
        """That is what it is for."""
        return True

    def write(self, data: memoryview, /) -> int:  # type: ignore[override]  # what BufferedWriter gives
        """Write some of it, or drop it; raises `ReaderGoneError` and `OutputLostError` only before `carry_on`."""
        whole = memoryview(data).cast("B")
        try:
            if self._lost or not self._ready():
                self._missed += 0 if self._lost else len(whole)
                return len(whole)
            self._tell_missed()
            return os.write(self._number, whole[: select.PIPE_BUF])  # so much a pipe takes at once where it takes any
        except BlockingIOError:  # whoever shares it has it non-blocking, and was quicker
            return 0
        except OSError as error:
            self._drop(error)
            return len(whole)

    def look(self) -> None:
        """Notice a pipe's reader that has gone before there is anything to write; a terminal's end is a signal."""
        if self._lost or stat.S_ISCHR(os.fstat(self._number).st_mode):
            return
        watched = select.poll()
        watched.register(self._number, 0)
        if any(event & select.POLLERR for _, event in watched.poll(0)):
            self._drop(BrokenPipeError(errno.EPIPE, "no reader"))

    def _ready(self) -> bool:
        """Wait for the reader: for ever while nothing has begun, with an end afterwards."""
        began = time.monotonic()
        while not select.select([], [self._number], [], 0 if self._missed else _SLICE)[1]:
            patience = _HURRIED if self._course.hurried else _PATIENCE
            if self._course.carries_on and (self._missed or time.monotonic() - began >= patience):
                return False
        return True

    def _tell_missed(self) -> None:
        if self._missed:
            os.write(self._number, f"\n[{self._missed} bytes are left out here: nobody took them]\n".encode())
            self._missed = 0

    def _drop(self, error: OSError) -> None:
        gone = error.errno in _GONE
        if not self._course.carries_on:
            if gone:  # without its number: the option parser has an end of its own for that
                raise ReaderGoneError from error
            raise OutputLostError(*error.args) from error
        with self._lock:
            first, self._lost = gone and not self._lost, self._lost or gone
        if first:
            self.to_nowhere()
        if first and error.errno == errno.EPIPE:
            self._course.tell()

    def to_nowhere(self) -> None:
        """Let the number lead nowhere, for child processes as well."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._number)
        os.close(nowhere)


def guard() -> None:
    """Put the process's own stdout and stderr behind outlets; streams that somebody has replaced are left alone.

    What the encoding cannot say is written as an escape: a job's letter must not end its burst.
    """
    for name, number in (("stdout", 1), ("stderr", 2)):
        old = getattr(sys, name)
        raw = getattr(getattr(old, "buffer", None), "raw", getattr(old, "buffer", None))  # PYTHONUNBUFFERED: no buffer
        if isinstance(old, io.TextIOWrapper) and isinstance(raw, io.FileIO) and raw.fileno() == number:
            _course.outlets.append(Outlet(number))
            new = io.TextIOWrapper(
                io.BufferedWriter(_course.outlets[-1]),  # type: ignore[type-var]  # typeshed asks for more than the class does
                encoding=old.encoding,
                errors="backslashreplace" if old.errors == "strict" else old.errors,
                line_buffering=old.line_buffering or old.write_through,
            )
            setattr(sys, name, new)


def carry_on() -> None:
    """From here on no stream can stop this process: something has begun that has to come to its end."""
    _course.carries_on = True


def look() -> None:
    """Notice readers that have gone while nothing was printed; after `carry_on`."""
    for outlet in _course.outlets:
        outlet.look()


def hurry() -> None:
    """Wait for no reader any more: somebody has asked to stop."""
    _course.hurried = True


@contextmanager
def on_reader_gone(listener: Callable[[], None]) -> Iterator[None]:
    """Tell the listener, in whatever thread, when a reader goes away while the block runs, or has gone before."""
    _course.listeners.append(listener)
    if _course.reader_gone:
        listener()
    try:
        yield
    finally:
        _course.listeners.remove(listener)


def silence() -> None:
    """Let both streams lead nowhere: after the end of a reader nothing is left to say."""
    for number in (1, 2):
        Outlet(number).to_nowhere()
