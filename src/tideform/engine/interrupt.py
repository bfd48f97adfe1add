"""Asking the engines of a run to stop: they finish the step at hand, write it down and go.

At a terminal Ctrl-C reaches the engines as well, for they are in the same process group; a second signal would make
them drop what they are doing. So a signal is sent only where no terminal sent one.
"""

from __future__ import annotations

import os
import signal
import sys

from tideform.errors import TerminatedError
from tideform.state.processes import engines_of


def interrupt_engines(run: str, cause: KeyboardInterrupt) -> None:
    """Ask every engine of the run to stop, unless the terminal has done so already."""
    if not isinstance(cause, TerminatedError) and _at_terminal():
        return
    for pid in engines_of(run):
        try:
            os.kill(pid, signal.SIGINT)
        except ProcessLookupError:
            continue  # it went by itself


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
