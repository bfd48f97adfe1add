"""A folder of code as one archive: the same bytes for the same files, named by their hash, without what must not go.

What stays here `burst.code_files` decides. What looks like a secret stops the burst: what is sent lies in a bucket for
a month.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tideform.burst.code_files import IGNORE, NAMED, Found, files_of, unreadable
from tideform.burst.code_secrets import secrets_in, shown, some
from tideform.diagnostics import Diagnostic
from tideform.errors import RefusedError, TideformError
from tideform.files import read_plain
from tideform.words import counted

LIMIT = 100 * 1024 * 1024  # bytes of all files together; data belongs in a store


@dataclass(frozen=True)
class Archive:
    """A packed folder: gzipped tar, and the SHA-256 of these bytes in hexadecimal.

    ``left`` says in a line each what stays here though nothing ignores it.
    """

    data: bytes = field(repr=False)
    files: tuple[str, ...]
    left: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """The name that it is kept under."""
        return hashlib.sha256(self.data).hexdigest()


def pack(
    folder: Path | None,
    extra: Mapping[str, bytes],
    *,
    limit: int = LIMIT,
    project: Path | None = None,
    allowed: Collection[str] = (),
) -> Archive:
    """Pack a folder (or nothing), and ``extra`` files by their names in the archive.

    ``project`` is where ignore files begin to count outside of a repository, ``allowed`` are fingerprints of what only
    looks like a secret. Raises `RefusedError` with all that `looked_through` finds wrong.
    """
    looked = Looked() if folder is None else looked_through(folder, limit=limit, project=project, allowed=allowed)
    if looked.problems:
        raise RefusedError(looked.problems)
    contents = {**looked.contents, **{name: (data, False) for name, data in extra.items()}}
    return Archive(_zipped(contents), tuple(sorted(looked.contents)), looked.left)


@dataclass
class Looked:
    """What a folder holds: files by their names, with whether they may be run; what stays here, and what is wrong."""

    contents: dict[str, tuple[bytes, bool]] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    problems: list[Diagnostic] = field(default_factory=list)


def looked_through(folder: Path, *, limit: int = LIMIT, project: Path | None, allowed: Collection[str]) -> Looked:
    """Everything that is wrong with a folder of code, at once; it raises nothing.

    TD670: there is no such folder; TD671: it is larger than ``limit`` bytes, of which nothing is read then; TD672: a
    file looks like a secret or holds one; TD175, TD176, TD177 as `files_of` and `_chosen` have them.
    """
    try:
        found = _chosen(folder, project)
    except TideformError as error:
        return Looked(problems=list(error.diagnostics))
    looked = Looked(left=tuple(f"{why}: {some(names)}" for why, names in found.left.items()), problems=found.problems)
    if too_much := list(_size_problems(found.files, limit)):
        looked.problems += too_much
        return looked
    for name, path in found.files.items():
        try:
            looked.contents[name] = read_plain(path, limit), os.access(path, os.X_OK)
        except OSError as error:  # whatever it became since it was found, this ends
            looked.problems.append(unreadable(path, error))
    looked.problems += secrets_in({name: data for name, (data, _) in looked.contents.items()}, folder, allowed)
    return looked


def _chosen(folder: Path, project: Path | None) -> Found:
    """The files that go, by their names in the archive."""
    if not folder.is_dir():
        raise RefusedError.of(
            "TD670",
            "There is no such folder of code",
            detail=f"{folder} is no folder.",
            fix="Look at job.code, or --code.",
        )
    if folder.resolve() == Path(folder.resolve().anchor):
        raise _too_large(f"{folder} is the whole machine.")
    found = files_of(folder, project)
    if not found.files and any(folder.iterdir()):
        raise RefusedError.of(
            "TD177",
            "Nothing of the folder would be sent",
            detail=f"Everything in {folder} is ignored, by git or by {IGNORE}.",
            fix=f"Name what is to go with a ! before it in {IGNORE}, or another folder.",
        )
    return found


def _size_problems(found: Mapping[str, Path], limit: int) -> Iterator[Diagnostic]:
    sizes = {name: _size(path) for name, path in found.items()}
    if (total := sum(sizes.values())) <= limit:
        return
    biggest = sorted(sizes, key=lambda name: -sizes[name])[:NAMED]
    told = ", ".join(f"{shown(name)} ({_megabytes(sizes[name])})" for name in biggest)
    yield from _too_large(
        f"{counted(len(sizes), 'file')} of {_megabytes(total)}, and {_megabytes(limit)} can go. The biggest: {told}."
    ).diagnostics


def _size(path: Path) -> int:
    """Of a file that has gone meanwhile none: reading it says so."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _too_large(detail: str) -> TideformError:
    return RefusedError.of(
        "TD671",
        "The code is too large to send",
        detail=detail,
        fix=f"Put data into a store of the spec, and name what the job does not need in {IGNORE}.",
    )


def _zipped(contents: Mapping[str, tuple[bytes, bool]]) -> bytes:
    """Neither times nor owners nor the order on disk go in: the same files are the same bytes."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(contents, key=lambda n: PurePosixPath(n).parts):
            data, executable = contents[name]
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o755 if executable else 0o644
            tar.addfile(entry, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), mtime=0)


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MiB"
