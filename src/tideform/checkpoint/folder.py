"""A folder of checkpoints on one disk: what is there is whole, whenever a process was killed.

A checkpoint is a file or a folder called ``step-<step>``. It is written aside, flushed to the disk and renamed; a
name is never used twice. A folder lists its files in a note that is written last, so that a copy of it that was cut
short (by a mirror, by SageMaker's own) is told from a whole one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

CONTENTS = ".contents.json"  # a folder's note: {path: bytes}
_ASIDE = ".writing-"
_GOING = ".removing-"
_NAME = re.compile(r"step-(?P<step>\d{12,})(?:-(?P<again>\d+))?(?P<suffix>\.[A-Za-z][\w.]*)?")


@dataclass(frozen=True, order=True)
class Checkpoint:
    """One whole checkpoint. ``again`` tells apart those of one step; ``path`` is a file or a folder."""

    step: int
    again: int
    path: Path


@dataclass(frozen=True)
class Folder:
    """The checkpoints in one folder."""

    path: Path

    def all(self) -> list[Checkpoint]:
        """Every whole checkpoint, oldest step first."""
        names = [entry.name for entry in os.scandir(self.path)] if self.path.is_dir() else []
        return sorted(found for name in names if (found := self._read(name)) is not None)

    def latest(self) -> Checkpoint | None:
        """The whole checkpoint of the highest step."""
        return max(self.all(), default=None)

    def save(self, step: int, write: Callable[[Path], object], suffix: str = "") -> Checkpoint:
        """Have ``write`` make a file or a folder at the path it is given, and let it appear at once, whole.

        Raises what ``write`` raises, and `FileNotFoundError` if it made nothing; then nothing appears.
        """
        aside = self.path / f"{_ASIDE}{uuid4().hex}"
        aside.mkdir(parents=True)
        try:
            name = self._free_name(step, suffix)
            write(aside / name)
            _flush(aside / name)
            (aside / name).rename(self.path / name)
            flush_folder(self.path)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        found = self._read(name)
        if found is None:
            raise FileNotFoundError(f"no checkpoint {name} in {self.path}")
        return found

    def keep(self, last: int) -> None:
        """Remove all but the last so many; what is going is never seen half gone."""
        for old in self.all()[:-last] if last > 0 else []:
            going = self.path / f"{_GOING}{uuid4().hex}"
            old.path.rename(going)
            _remove(going)

    def sweep(self) -> None:
        """Remove what killed processes left aside."""
        for start in (_ASIDE, _GOING):
            for left in self.path.glob(f"{start}*"):
                _remove(left)

    def _read(self, name: str) -> Checkpoint | None:
        found = _NAME.fullmatch(name)
        path = self.path / name
        if found is None or not _is_whole(path):
            return None
        return Checkpoint(int(found["step"]), int(found["again"] or 0), path)

    def _free_name(self, step: int, suffix: str) -> str:
        """A step that is saved again gets another name: one that is there is never replaced, half of it or whole."""
        start = f"step-{step:012d}"
        taken = [int(m["again"] or 0) for p in self.path.glob(f"{start}*") if (m := _NAME.fullmatch(p.name))]
        return f"{start}-{max(taken) + 1}{suffix}" if taken else f"{start}{suffix}"


def is_checkpoint(name: str) -> bool:
    """Whether a name is one that `Folder.save` gives."""
    return _NAME.fullmatch(name) is not None


def flush_folder(path: Path) -> None:
    """Put a folder's names onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush(path: Path) -> None:
    """Put a checkpoint onto the disk; a folder gets its note of contents."""
    if not path.is_dir():
        with path.open("rb") as opened:
            os.fsync(opened.fileno())
        return
    contents = {file.relative_to(path).as_posix(): file.stat().st_size for file in _files(path)}
    (path / CONTENTS).write_text(json.dumps(contents, sort_keys=True), encoding="utf-8")
    for file in _files(path):
        _flush(file)
    for folder in (*(entry for entry in path.rglob("*") if entry.is_dir()), path):
        flush_folder(folder)


def _is_whole(path: Path) -> bool:
    if path.is_file():
        return True
    try:
        contents = json.loads((path / CONTENTS).read_text(encoding="utf-8"))
        return all((path / name).stat().st_size == size for name, size in contents.items())
    except (OSError, ValueError, AttributeError):
        return False


def _files(path: Path) -> Iterator[Path]:
    return (entry for entry in path.rglob("*") if entry.is_file())


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
