"""Finding and ending the engine and provider processes of a run that is over.

Every engine process of a run carries ``TIDEFORM_RUN=<run>`` in its environment, and hands it on to the providers it
starts. So a later run can find them all, also those whose parent is gone; numbers alone would not do, since a
crashed run could not write them down in time.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tideform.process import Process, alive

VARIABLE = "TIDEFORM_RUN"
_POLL_SECONDS = 0.05


def end_run(run: str, noted: Iterable[Process] = (), *, patience: float = 5.0) -> list[int]:
    """End what is left of ``run`` on this machine: SIGTERM, ``patience`` seconds, SIGKILL. Returns their numbers.

    Engines first, and only then the rest: an engine whose provider is gone takes a creation for failed, and forgets
    it. SIGTERM means 'finish the step at hand' to both. ``noted`` are processes that the run wrote down; one whose
    number has been taken by another process is left alone.
    """
    ended = _end(lambda: engines_of(run), patience)
    return sorted(ended | _end(lambda: _left(run, noted), patience))


def _end(left_now: Callable[[], set[int]], patience: float) -> set[int]:
    ended: set[int] = set()
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + patience
        asked: set[int] = set()
        while left := left_now():
            for pid in left - asked:  # also one that was started meanwhile
                _signal(pid, signal_number)
            asked |= left
            if time.monotonic() > deadline:
                break
            time.sleep(_POLL_SECONDS)
        ended |= asked
    return ended


def engines_of(run: str) -> set[int]:
    """Those of the run's processes that are engines."""
    return {pid for pid in processes_of(run) if _program(pid) == "pulumi"}


def processes_of(run: str) -> set[int]:
    """The numbers of this machine's processes that carry the run's mark, but for the one that asks."""
    return _marked(f"{VARIABLE}={run}")


def _marked(text: str) -> set[int]:
    mark = text.encode()
    found = {int(folder.name) for folder in Path("/proc").glob("[0-9]*") if mark in _environ(folder)}
    return {pid for pid in found - {os.getpid()} if alive(pid)}


def kill_marked(variable: str, value: str) -> None:
    """End at once the processes that carry this mark, and what they have started."""
    for pid in _marked(f"{variable}={value}"):
        _signal(pid, signal.SIGKILL)


def _left(run: str, noted: Iterable[Process]) -> set[int]:
    by_number = {process.pid for process in noted if process.is_ours and not process.known_dead}
    return processes_of(run) | (by_number - {os.getpid()})


def _environ(folder: Path) -> list[bytes]:
    try:
        return (folder / "environ").read_bytes().split(b"\0")
    except OSError:  # gone meanwhile, or somebody else's
        return []


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name.removesuffix(" (deleted)")
    except OSError:  # gone meanwhile, or somebody else's
        return ""


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it went by itself
