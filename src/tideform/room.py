"""Whether a run can write what it has to write: looked at before anything starts that would need it in the middle."""

from __future__ import annotations

import errno
import shutil
import tempfile
from pathlib import Path

from tideform.errors import RefusedError, TideformError

FLOOR = 64 * 1024 * 1024  # bytes: state, its copies, the engine's plan and logs of a large project
_PROBE = 1024 * 1024  # bytes that are written for real: a quota and a limit of file size show only then
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CLOSED = (errno.EROFS, errno.EACCES, errno.EPERM)
TOLD = (*_FULL, errno.EROFS)  # what is no bug of ours wherever it comes from


def require_room(*folders: Path) -> None:
    """Raise `RefusedError` TD093 where a folder has no room, TD094 where it cannot be written."""
    for folder in dict.fromkeys((*folders, Path(tempfile.gettempdir()))):
        try:
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(bytes(_PROBE))
                probe.flush()
            free = shutil.disk_usage(folder).free
        except OSError as error:
            raise refusal(error, folder) from error
        if free < FLOOR:
            raise _full(f"{folder}: {free // 2**20} MiB are free, and a run wants {FLOOR // 2**20}.")


def refusal(error: OSError, place: Path | str) -> TideformError:
    """What a write that failed becomes; ``place`` is where, as far as is known."""
    words = f"{place}: {error.strerror or error}."
    if error.errno in _CLOSED:
        return RefusedError.of(
            "TD094",
            "A folder cannot be written",
            detail=f"{words} State, locks and logs of a run go there.",
            fix="Give the user who runs this the right to write there, or run it in a copy of the project.",
        )
    return _full(words)


def _full(words: str) -> TideformError:
    return RefusedError.of(
        "TD093",
        "There is no room to write",
        detail=f"{words} A run that cannot write its state cannot be gone on with.",
        fix="Make room there and run the command again; `tideform burst down` ends capacity without any.",
    )
