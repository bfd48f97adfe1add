"""A process of its own that holds a lock: what the tests of locking kill, stop and wait for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tideform.state.lock import Lock
from tideform.state.lock.store import FolderStore

_PROGRAM = """
import subprocess, sys
from pathlib import Path
from tests.unit.engine.holder import folder_lock
with folder_lock(Path(sys.argv[1])).hold("apply") as held:
    engine = subprocess.Popen(["sleep", "600"], env=held.environ)
    print(held.token, engine.pid, flush=True)
    sys.stdin.read()
    engine.kill()
    engine.wait()
"""


def folder_lock(folder: Path, *, heartbeat: float = 10.0) -> Lock:
    """A lock in a folder, as a local deployment has it."""
    return Lock(FolderStore(folder / "lock.json", folder / "state"), "shop-dev", heartbeat=heartbeat)


class OtherProcess:
    """The other process, once it holds the lock with ``token`` and runs an 'engine' of number ``engine``."""

    def __init__(self, folder: Path) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._child.pid
        assert self._child.stdout is not None
        self.token, self.engine = map(int, self._child.stdout.readline().split())

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self._child.kill()
        self._child.wait()

    def finish(self) -> None:
        """Let it come to its end, and wait for that; harmless after `kill`."""
        self._child.communicate()


@contextmanager
def other_process(folder: Path) -> Iterator[OtherProcess]:
    """Another process that holds the lock in ``folder``."""
    other = OtherProcess(folder)
    try:
        yield other
    finally:
        other.finish()
