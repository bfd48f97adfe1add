"""Asking the engines of a run to stop: they finish the step at hand, write it down and go.

At a terminal Ctrl-C reaches the engines as well, for they are in the same process group; a second signal would make
them drop what they are doing. So a signal is sent only where no terminal sent one.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tideform.engine.processes import processes_of
from tideform.errors import TerminatedError


def interrupt_engines(run: str, binary: Path, cause: KeyboardInterrupt) -> None:
    """Ask every engine of the run to stop, unless the terminal has done so already."""
    if not isinstance(cause, TerminatedError) and _at_terminal():
        return
    for pid in processes_of(run):
        if _runs(pid, binary):
            try:
                os.kill(pid, signal.SIGINT)
            except ProcessLookupError:
                continue  # it went by itself


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()


def _runs(pid: int, binary: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/exe").resolve() == binary.resolve()
    except OSError:  # gone meanwhile
        return False
