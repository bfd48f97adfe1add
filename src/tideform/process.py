"""Which process holds something, and whether it lives: how what a crash left is told from what is running.

A process is known by machine, boot and number, and by its start time, because numbers are used again. Containers on
one machine share its boot and may share a name, so the process namespace belongs to it too. On a system without
``/proc`` boot, namespace and start time stay empty and only the number counts.
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
    namespace: str
    started: int

    @classmethod
    def current(cls) -> Process:
        """The process that asks."""
        return cls.of(os.getpid())

    @classmethod
    def of(cls, pid: int) -> Process:
        """The process that has this number now, on this machine."""
        return cls(pid, socket.gethostname(), _boot(), _namespace(), started(pid))

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Process:
        """Read what `as_record` wrote."""
        return cls(int(record["pid"]), record["host"], record["boot"], record["namespace"], int(record["started"]))

    def as_record(self) -> dict[str, Any]:
        """As a plain mapping, for JSON."""
        return asdict(self)

    @property
    def is_ours(self) -> bool:
        """Whether its number means something here: same host, same boot, same namespace."""
        return (self.host, self.boot, self.namespace) == (socket.gethostname(), _boot(), _namespace())

    @property
    def known_dead(self) -> bool:
        """Whether it has certainly ended. A process of elsewhere, or of another boot, is never known to be dead."""
        return self.is_ours and (not alive(self.pid) or started(self.pid) != self.started)


def user() -> str:
    """Who runs this: ``name@host``, or what ``TIDEFORM_OWNER`` says (in CI: the pipeline)."""
    from tideform.machine import account

    return os.environ.get("TIDEFORM_OWNER") or f"{account()}@{socket.gethostname()}"


def alive(pid: int) -> bool:
    """Whether a process has this number and has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's process has the number
        return True
    return not _is_zombie(pid)


def started(pid: int) -> int:
    """Field 22 of ``/proc/PID/stat``, see proc(5): clock ticks since boot; 0 where it cannot be read."""
    fields = _stat(pid)
    return int(fields[19]) if fields else 0


def _is_zombie(pid: int) -> bool:
    fields = _stat(pid)
    return bool(fields) and fields[0] in ("Z", "X")


def _stat(pid: int) -> list[str]:
    """The fields after the second, which is a name that may hold spaces."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _boot() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text(encoding="ascii").strip() if path.exists() else ""


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
