"""A folder of code as one archive: the same bytes for the same files, named by their hash, without what must not go.

What git ignores stays here, and what ``.tideformignore`` names (same words as ``.gitignore``). Files that look like
secrets stop the burst: what is sent lies in a bucket for a month.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tideform.errors import RefusedError

if TYPE_CHECKING:
    import pathspec

LIMIT = 100 * 1024 * 1024  # bytes of all files together; data belongs in a store
IGNORE = ".tideformignore"
_ALWAYS = (".git/", ".tideform/", "__pycache__/", "*.pyc", ".venv/", "venv/", ".mypy_cache/", ".pytest_cache/")
_SECRET = (
    ".env", ".env.*", "!.env.example", "!.env.sample", "!.env.template", ".aws/", ".ssh/", "*.pem", "*.key", "*.p12",
    "*.pfx", "id_rsa", "id_ed25519", ".netrc", ".pgpass", ".pypirc", ".npmrc", "credentials.json", "*.tfstate",
)  # fmt: skip
_NAMED = 5  # files in a message


@dataclass(frozen=True)
class Archive:
    """A packed folder: gzipped tar, and the SHA-256 of these bytes in hexadecimal."""

    data: bytes = field(repr=False)
    files: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The name that it is kept under."""
        return hashlib.sha256(self.data).hexdigest()


def pack(folder: Path | None, extra: Mapping[str, bytes], *, limit: int = LIMIT) -> Archive:
    """Pack a folder (or nothing), and ``extra`` files by their names in the archive.

    Raises `RefusedError` TD670 where there is no such folder, TD671 where it is larger than ``limit`` bytes, TD672
    where a file looks like a secret.
    """
    found = {} if folder is None else _chosen(folder)
    _check_size(found, limit)
    contents = {name: (path.read_bytes(), os.access(path, os.X_OK)) for name, path in found.items()}
    contents |= {name: (data, False) for name, data in extra.items()}
    return Archive(_zipped(contents), tuple(sorted(found)))


def _chosen(folder: Path) -> dict[str, Path]:
    """The files that go, by their names in the archive."""
    if not folder.is_dir():
        raise RefusedError.of(
            "TD670",
            "There is no such folder of code",
            detail=f"{folder} is no folder.",
            fix="Look at job.code, or --code.",
        )
    names = {path.relative_to(folder).as_posix(): path for path in _walk(folder, folder, [])}
    named = _lines(folder / IGNORE)
    wanted = {line.removeprefix("!") for line in named if line.startswith("!")}
    secret = [name for name in _matching(_SECRET, names) if name not in wanted and f"/{name}" not in wanted]
    if secret:
        raise RefusedError.of(
            "TD672",
            "The code holds what looks like a secret",
            detail=f"{_some(secret)} would be sent to the bucket of bursts. Jobs get secrets from `job.secrets`.",
            fix=f"Name them in {IGNORE}, or with a ! before them if they are no secrets.",
        )
    return dict(sorted(names.items()))


def _walk(root: Path, at: Path, inherited: list[str]) -> Iterator[Path]:
    """Files below a folder that nothing ignores; each folder's own rules count from there on down."""
    own = [*_lines(at / ".gitignore"), *_lines(at / IGNORE)]
    inside = at.relative_to(root).as_posix()
    rules = [*inherited, *(_anchored(line, inside) for line in own)] if at != root else [*_ALWAYS, *own]
    spec = _spec(rules)
    for entry in sorted(at.iterdir()):
        name = entry.relative_to(root).as_posix()
        if entry.is_dir() and not entry.is_symlink():
            if not spec.match_file(f"{name}/"):
                yield from _walk(root, entry, rules)
        elif not spec.match_file(name) and entry.is_file() and _stays_inside(root, entry):
            yield entry


def _anchored(line: str, folder: str) -> str:
    """A rule of a folder below, as a rule of the root: ``*.log`` in ``a`` is ``a/**/*.log``."""
    bare = line.removeprefix("!")
    mark = "!" if bare != line else ""
    deep = "" if "/" in bare.rstrip("/") else "**/"
    return f"{mark}/{folder}/{deep}{bare.lstrip('/')}"


def _stays_inside(root: Path, entry: Path) -> bool:
    return not entry.is_symlink() or entry.resolve().is_relative_to(root.resolve())


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _matching(rules: Iterable[str], names: Iterable[str]) -> list[str]:
    spec = _spec(rules)
    return [name for name in names if spec.match_file(name)]


def _spec(rules: Iterable[str]) -> pathspec.GitIgnoreSpec:
    import pathspec

    return pathspec.GitIgnoreSpec.from_lines(rules)


def _check_size(found: Mapping[str, Path], limit: int) -> None:
    sizes = {name: path.stat().st_size for name, path in found.items()}
    if (total := sum(sizes.values())) <= limit:
        return
    biggest = sorted(sizes, key=lambda name: -sizes[name])[:_NAMED]
    told = ", ".join(f"{name} ({_megabytes(sizes[name])})" for name in biggest)
    raise RefusedError.of(
        "TD671",
        "The code is too large to send",
        detail=f"{len(sizes)} files have {_megabytes(total)}, and {_megabytes(limit)} can go. The biggest: {told}.",
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


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f} MiB"
