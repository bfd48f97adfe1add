"""What a running sandbox says about itself in ``.tideform/sandbox/server.json``, and the locks beside it.

The file is written whole and last, so whoever reads it reads a server that was ready. Whether that server still
lives is told by a lock that it holds for as long as it does: pids are reused, locks are not.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

DESCRIPTION = "server.json"
LOG = "server.log"
ALIVE_LOCK = "server.lock"  # held by the server, all its life
START_LOCK = "start.lock"  # held by whoever starts or stops it


@dataclass(frozen=True)
class Description:
    """Where the server is, how to be let in, and which process it is.

    ``started`` is the process's start as `start_time` gives it; with ``pid`` it names one process for ever.
    """

    endpoint: str
    access_key: str
    secret_key: str
    boot_id: str
    pid: int
    started: str
    version: str

    @property
    def port(self) -> int:
        return int(self.endpoint.rsplit(":", 1)[1])


def read(folder: Path) -> Description | None:
    """The description in a sandbox folder; None if there is none that can be read."""
    try:
        return Description(**json.loads((folder / DESCRIPTION).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write(folder: Path, description: Description) -> None:
    """Put the description in place in one step, for its owner's eyes only."""
    temporary = folder / f"{DESCRIPTION}.{os.getpid()}"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(description), file, indent=2)
    temporary.replace(folder / DESCRIPTION)


def remove(folder: Path) -> None:
    """Forget the description."""
    (folder / DESCRIPTION).unlink(missing_ok=True)


def take_alive_lock(folder: Path) -> int | None:
    """Take the server's lifetime lock; None if another server has it. The handle is never closed on purpose."""
    handle = os.open(folder / ALIVE_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def is_alive(folder: Path) -> bool:
    """Whether a server of this folder lives, answering or not."""
    handle = None
    with suppress(FileNotFoundError):
        handle = os.open(folder / ALIVE_LOCK, os.O_RDWR)
    if handle is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def start_time(pid: int) -> str:
    """When a process started, in clock ticks since the machine did; empty if there is no such process.

    On systems without ``/proc`` the answer is always empty, and a pid is then never trusted.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return ""
    return f"{boot}/{stat.rpartition(')')[2].split()[19]}"
