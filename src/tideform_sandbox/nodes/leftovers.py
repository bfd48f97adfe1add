"""What a command leaves when its supervisor was killed, by the command itself as a rule: found by a mark, and ended.

The mark stands in the environment, which every process hands on, a daemon as well; see proc(5), ``/proc/PID/environ``.
A process that carries none is found as long as one above it, or in its session, carries it.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

MARK = "TIDEFORM_COMMAND"
_PATIENCE = 10.0  # seconds; a process that does not go at SIGKILL hangs in the kernel
_POLL = 0.02


def end_marked(mark: str) -> None:
    """Kill every process of a command until none is left; without ``/proc`` there is nothing to be found."""
    deadline = time.monotonic() + _PATIENCE
    while (found := _of(mark)) and time.monotonic() < deadline:
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL)


def _of(mark: str) -> set[int]:
    stats = {int(folder.name): stat for folder in Path("/proc").glob("[0-9]*") if (stat := _stat(folder))}
    wanted = f"{MARK}={mark}".encode()
    found = {pid for pid in stats if wanted in _environ(pid)}
    sessions = {stats[pid][3] for pid in found} - {str(os.getsid(0))}
    found |= {pid for pid, stat in stats.items() if stat[3] in sessions}
    while below := {pid for pid, stat in stats.items() if int(stat[1]) in found} - found:
        found |= below
    return found - {os.getpid()}


def _stat(folder: Path) -> list[str]:
    """State, parent, group, session and more, of a process that lives."""
    try:
        fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:  # gone meanwhile
        return []
    return [] if fields[:1] in (["Z"], ["X"]) else fields


def _environ(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # gone meanwhile, or somebody else's
        return []
