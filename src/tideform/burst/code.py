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
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tideform.burst.code_files import IGNORE, NAMED, Found, files_of, unreadable
from tideform.burst.code_secrets import refuse_secrets, shown, some
from tideform.errors import RefusedError, TideformError
from tideform.files import read_plain

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
    looks like a secret. Raises `RefusedError` TD670 where there is no such folder, TD671 where it is larger than
    ``limit`` bytes, TD672 where a file looks like a secret or holds one, and what `files_of` raises.
    """
    found = Found() if folder is None else _chosen(folder, project)
    _check_size(found.files, limit)
    contents = {name: _read(path, limit) for name, path in found.files.items()}
    refuse_secrets({name: data for name, (data, _) in contents.items()}, folder, allowed)
    contents |= {name: (data, False) for name, data in extra.items()}
    left = tuple(f"{why}: {some(names)}" for why, names in found.left.items())
    return Archive(_zipped(contents), tuple(sorted(found.files)), left)


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


def _read(path: Path, limit: int) -> tuple[bytes, bool]:
    """A file's bytes, and whether it may be run; whatever it became since it was found, this ends."""
    try:
        return read_plain(path, limit), os.access(path, os.X_OK)
    except OSError as error:
        raise unreadable(path, error) from error


def _check_size(found: Mapping[str, Path], limit: int) -> None:
    sizes = {name: _size(path) for name, path in found.items()}
    if (total := sum(sizes.values())) <= limit:
        return
    biggest = sorted(sizes, key=lambda name: -sizes[name])[:NAMED]
    told = ", ".join(f"{shown(name)} ({_megabytes(sizes[name])})" for name in biggest)
    raise _too_large(
        f"{len(sizes)} files have {_megabytes(total)}, and {_megabytes(limit)} can go. The biggest: {told}."
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error


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
