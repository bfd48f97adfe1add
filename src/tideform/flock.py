"""One process at a time, held by the kernel: the lock goes away with the process, however it ends.

A ``kill -9`` leaves no lock behind and nobody has to judge whether a holder lives, which is why everything
that happens on one machine builds on this. POSIX only, like the rest of tideform.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_LOOK = 0.05  # seconds between two looks at a lock that is waited for with an end; the kernel's own wait has none


class StillHeldError(TimeoutError):
    """Another process has held the lock for as long as the caller would wait; ``str()`` are that holder's words."""


@contextmanager
def exclusive(
    path: Path, *, words: str = "", on_wait: Callable[[str], None] | None = None, patience: float | None = None
) -> Iterator[None]:
    """Hold ``path`` alone, waiting for as long as another process holds it, or for ``patience`` seconds.

    ``words`` say who holds it, for those who wait; ``on_wait`` gets the holder's words once, before waiting.
    The file stays: deleting it would let two processes lock two files of one name.

    Raises:
        StillHeldError: ``patience`` is over. A holder that lives may be stopped (Ctrl-Z), and keeps its lock then.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a+b") as file:
        if not _try(file):
            if on_wait is not None:
                on_wait(_read(file) or "another process")
            _wait(file, patience)
        file.truncate(0)
        file.write(words.encode())
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
            fcntl.flock(file, fcntl.LOCK_UN)


def _wait(file: BinaryIO, patience: float | None) -> None:
    if patience is None:
        return fcntl.flock(file, fcntl.LOCK_EX)
    deadline = time.monotonic() + patience
    while not _try(file):
        if time.monotonic() > deadline:
            raise StillHeldError(_read(file) or "another process")
        time.sleep(_LOOK)
    return None


def _try(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: BinaryIO) -> str:
    return os.pread(file.fileno(), 500, 0).decode(errors="replace")
