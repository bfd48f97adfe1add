"""The classes of one SDK file, compiled one at a time and kept compiled from run to run.

Python keeps compiled modules, but only whole ones. What is kept here is, like those, bound to the file's size and time
and to this version of Python, and lies in the user's own cache folder. Without it everything works, and takes longer.
"""

from __future__ import annotations

import atexit
import hashlib
import marshal
import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from types import CodeType

from tideform.errors import RefusedError
from tideform.paths import cache_dir, private_dir

_CLASS = re.compile(r"\nclass (\w+)")
_DECORATOR = re.compile(r"\n@[\w.]+\Z")
_HEAD = ""
QUOTED = re.compile(r"'(?:outputs\.)?(\w+)'")

Compiled = tuple[CodeType, tuple[str, ...]]


@dataclass
class SdkClasses:
    """One file's classes: the code of each, and the names of the others that it needs."""

    source: Path
    _new: dict[str, Compiled | None] = field(default_factory=dict)

    @property
    def head(self) -> CodeType:
        """What stands before the first class."""
        found = self.get(_HEAD)
        if found is None:
            raise AssertionError("every file has a beginning")
        return found[0]

    def get(self, name: str) -> Compiled | None:
        """A class by name; None where the file has none of that name."""
        if name in self._kept:
            return self._kept[name]
        if not self._new:
            atexit.register(self._keep)
        self._new[name] = self._kept[name] = self._compile(name)
        return self._new[name]

    def _compile(self, name: str) -> Compiled | None:
        text = self._slices.get(name)
        if text is None:
            return None
        needs = () if name == _HEAD else tuple(each for each in QUOTED.findall(text) if each in self._slices)
        return compile(text, str(self.source), "exec"), needs

    @cached_property
    def _slices(self) -> dict[str, str]:
        source = self.source.read_text(encoding="utf-8")
        found = list(_CLASS.finditer(source))
        bounds = [*(_start(source, match.start()) for match in found), len(source)]
        texts = {match[1]: source[start:end] for match, (start, end) in zip(found, pairwise(bounds), strict=True)}
        return {_HEAD: source[: bounds[0]], **texts}

    @cached_property
    def _kept(self) -> dict[str, Compiled | None]:
        return _read(self._file)

    @cached_property
    def _file(self) -> Path:
        about = self.source.stat()
        made_of = (self.source, about.st_mtime_ns, about.st_size, sys.implementation.cache_tag, sys.flags.optimize)
        return cache_dir() / "sdk" / f"{hashlib.sha256(repr(made_of).encode()).hexdigest()[:32]}.bin"

    def _keep(self) -> None:
        """Add what was compiled; of two processes at once the later wins, and the other's is compiled again."""
        partial = self._file.with_suffix(f".{os.getpid()}.partial")
        with suppress(OSError, RefusedError):  # a home that cannot be written to costs time, nothing else
            private_dir(self._file.parent)
            partial.write_bytes(marshal.dumps({**_read(self._file), **self._new}))
            partial.replace(self._file)


def _read(file: Path) -> dict[str, Compiled | None]:
    try:
        return dict(marshal.loads(file.read_bytes()))  # noqa: S302  # our own, in the user's own folder, as .pyc are
    except (OSError, EOFError, ValueError, TypeError):
        return {}


def _start(source: str, line: int) -> int:
    """Where a class begins that has its ``class`` on the line after this end of a line: at its decorator, if any."""
    decorator = _DECORATOR.search(source, max(0, line - 80), line)
    return decorator.start() if decorator else line
