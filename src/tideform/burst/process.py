"""Which process holds a lease, and whether it lives: how an orphaned burst is told from a running one.

A process is known by host, boot and number, and by its start time, as numbers are used again. On a system
without ``/proc`` boot and start time stay empty and only the number counts.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Process:
    """One process of one boot of one host; ``started`` is in clock ticks since that boot."""

    pid: int
    host: str
    boot: str
    started: int

    @classmethod
    def current(cls) -> Process:
        """The process that asks."""
        pid = os.getpid()
        return cls(pid, socket.gethostname(), _boot_id(), _start_ticks(pid))

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Process:
        """Read what `as_record` wrote."""
        return cls(int(record["pid"]), record["host"], record["boot"], int(record["started"]))

    def as_record(self) -> dict[str, Any]:
        """As a plain mapping, for the lease table."""
        return asdict(self)

    @property
    def known_dead(self) -> bool:
        """Whether it has certainly ended. A process of another host is never known to be dead."""
        if self.host != socket.gethostname():
            return False
        if self.boot != _boot_id():
            return True
        return not _alive(self.pid) or _start_ticks(self.pid) != self.started


def user() -> str:
    """Who runs this: ``name@host``, or what ``TIDEFORM_OWNER`` says (in CI: the pipeline)."""
    import getpass

    return os.environ.get("TIDEFORM_OWNER") or f"{getpass.getuser()}@{socket.gethostname()}"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's process has the number
        return True
    return True


def _boot_id() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text(encoding="ascii").strip() if path.exists() else ""


def _start_ticks(pid: int) -> int:
    """Field 22 of ``/proc/PID/stat``, see proc(5); counted after field 2, a name that may hold spaces."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    fields = stat.rpartition(")")[2].split()
    return 0 if fields[0] == "Z" else int(fields[19])  # a zombie has ended
