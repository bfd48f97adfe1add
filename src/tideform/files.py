"""Files under names that somebody else chose: whatever stands there, reading and writing it end, within a bound."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path


def read_plain(path: Path, most: int) -> bytes:
    """The bytes of a plain file of at most ``most`` bytes.

    Raises `OSError` where it cannot be read, is no plain file (``EINVAL``: a folder, pipe or device, of which reading
    may never end), or is larger (``EFBIG``).
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file", str(path))
        with open(handle, "rb", closefd=False) as stream:
            data = stream.read(most + 1)
    finally:
        os.close(handle)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {most // 1024} KiB", str(path))
    return data


def write_plain(path: Path, data: bytes) -> None:
    """Write a file anew. Raises `OSError` where it cannot be written, such as a pipe that nobody reads (``ENXIO``)."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)


def replace_plain(path: Path, data: bytes) -> None:
    """Put a new file, for its owner's eyes only, under a name: whatever stood there, a link or a pipe, is neither
    followed nor opened. Raises `OSError` where it cannot be.
    """
    handle, partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(partial).replace(path)
    except OSError:
        with suppress(OSError):
            Path(partial).unlink()
        raise


def is_there(path: Path) -> bool:
    """Whether anything stands under a name; nothing does under what cannot be one, such as a name that is too long."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_plain(path: Path) -> bool:
    """Whether a plain file stands under a name, as `is_there`."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
