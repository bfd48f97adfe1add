"""How getting the engine goes: one live line on a terminal, a line now and then where nobody watches.

Lines that count share their words up to the colon (``fetching Go modules: 12 so far``): on a terminal each
takes the place of the one before, elsewhere only one in a while is written.
"""

from __future__ import annotations

import shutil
import time
from typing import TextIO

_PLAIN_SECONDS = 15.0  # between two counting lines in a CI log


class InstallView:
    """Call it with each line; it is the ``progress`` that `engine_path` takes. ``close`` ends a live line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._words = ""
        self._next = 0.0

    def __call__(self, line: str) -> None:
        """Show ``line``."""
        words, colon, _ = line.partition(": ")
        counts = bool(colon) and words == self._words and any(character.isdigit() for character in line)
        self._words = words
        if self._live:
            self._replace(line, counts)
        elif not counts or time.monotonic() >= self._next:
            self._next = time.monotonic() + _PLAIN_SECONDS
            print(line, file=self._stream, flush=True)

    def _replace(self, line: str, counts: bool) -> None:
        width = shutil.get_terminal_size().columns - 1
        before = "\r\x1b[K" if counts else ("\n" if self._next else "")
        self._next = 1.0
        print(before + line[:width], end="", file=self._stream, flush=True)

    def close(self) -> None:
        """End the live line, if there is one."""
        if self._live and self._next:
            print(file=self._stream, flush=True)
