"""How getting the engine goes: one live line on a terminal, a line now and then where nobody watches.

Lines that count (``fetching Go modules: 12 so far``) take the place of the one before on a terminal; elsewhere only
one in a while is written. All others stay.
"""

from __future__ import annotations

import re
import shutil
import time
from typing import TextIO

_COUNTS = re.compile(r"(.*): \d+ (of|so far)\b")
_PLAIN_SECONDS = 15.0  # between two counting lines in a CI log


class InstallView:
    """Call it with each line; it is the ``progress`` that `acquire` takes. ``close`` ends a live line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._counting = ""  # what the last line counted, if it counted
        self._next = 0.0

    def __call__(self, line: str) -> None:
        """Show ``line``."""
        found = _COUNTS.match(line)
        same = found is not None and found[1] == self._counting
        if self._live:
            self._show_live(line, counts=found is not None)
        elif not same or time.monotonic() >= self._next:
            self._next = time.monotonic() + _PLAIN_SECONDS
            print(line, file=self._stream, flush=True)
        self._counting = found[1] if found else ""

    def close(self) -> None:
        """End the live line, if there is one."""
        if self._live and self._counting:
            print(file=self._stream, flush=True)
            self._counting = ""

    def _show_live(self, line: str, *, counts: bool) -> None:
        if not counts:
            self.close()
            print(line, file=self._stream, flush=True)
            return
        width = shutil.get_terminal_size().columns - 1
        print(f"\r\x1b[K{line[:width]}", end="", file=self._stream, flush=True)
