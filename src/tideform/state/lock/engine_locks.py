"""The engine's own lock files: they have no expiry, so one left by a crash blocks its stack for ever.

Whoever holds our lock is the only one who may run the engine on this state, so an engine's lock whose process is
dead, or whose machine was taken over from, is only in the way. One that cannot be judged is left alone: somebody may
be running plain Pulumi on it, and the engine says so itself.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Collection
from pathlib import Path

from tideform.process import alive
from tideform.state.lock.store import Store


def clear(store: Store, lost_hosts: Collection[str] = ()) -> list[str]:
    """Remove the engine's locks that nobody holds any more; ``lost_hosts`` are those whose runs were taken over."""
    cleared = [key for key, content in store.engine_locks() if _is_left_over(content, lost_hosts)]
    for key in cleared:
        store.remove(key)
    return cleared


def _is_left_over(content: bytes, lost_hosts: Collection[str]) -> bool:
    """Fields as in pulumi/pulumi, ``pkg/backend/diy/lock.go``: pid, username, hostname, timestamp."""
    try:
        data = json.loads(content)
        host, pid = str(data["hostname"]), int(data["pid"])
    except (ValueError, KeyError, TypeError):
        return False  # not written by any engine that we know, or half written
    return host in lost_hosts or (host == socket.gethostname() and not _is_engine(pid))


def _is_engine(pid: int) -> bool:
    """Whether a living process has the number, and is an engine as far as can be seen: numbers are used again."""
    name = Path(f"/proc/{pid}/comm")
    return alive(pid) and (not name.exists() or name.read_text(encoding="utf-8").startswith("pulumi"))
