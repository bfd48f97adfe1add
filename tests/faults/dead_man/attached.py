"""A command on a terminal or a pipe of its own, which is taken away from it while it runs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from select import select
from typing import Self

from tests.e2e.workspaces import REPOSITORY, Workspace, until
from tests.faults.dead_man.trial import KILLED_AT

_LOOK = 0.1


@dataclass
class Attached:
    """The command, and the end of its terminal or pipe that is ours; what it says is read all the time."""

    process: subprocess.Popen[bytes]
    ours: int
    _read: list[bytes] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)
    _reader: threading.Thread | None = None

    @classmethod
    @contextmanager
    def started(cls, workspace: Workspace, command: Sequence[str], *, terminal: bool) -> Iterator[Self]:
        """Start it, and let it go at the end if that has not been done."""
        ours, its = os.openpty() if terminal else os.pipe()
        # The table itself may have been started by `nohup`, whose deaf ear would be inherited.
        leader = ("env", "--default-signal=HUP", "setsid", "--ctty") if terminal else ()
        process = subprocess.Popen(
            [*leader, sys.executable, "-m", KILLED_AT, *command],
            cwd=workspace.root,
            env={**os.environ, **workspace.environ, "PYTHONPATH": REPOSITORY},
            stdin=its if terminal else subprocess.DEVNULL,
            stdout=its,
            stderr=its,
        )
        os.close(its)
        attached = cls(process, ours)
        attached._reader = threading.Thread(target=attached._drain, daemon=True)
        attached._reader.start()
        try:
            yield attached
        finally:
            attached.let_go()
            if process.poll() is None:
                process.kill()
            process.wait()

    @property
    def stopped(self) -> bool:
        """Whether it has been stopped by a signal."""
        if self.over:
            return False
        return os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.process.poll() is not None

    @property
    def said(self) -> str:
        """What it has said so far."""
        return b"".join(self._read).decode(errors="replace")

    def let_go(self) -> None:
        """Close our end, once: a terminal hangs up, a pipe has no reader any more."""
        if self._reader is None:
            return
        self._over.set()
        self._reader.join()
        self._reader = None
        os.close(self.ours)

    def wait(self) -> int:
        """Wait for its end; its exit code. Raises `AssertionError` where it does not come."""
        until(lambda: self.over, "the command ends")
        return self.process.wait()

    def _drain(self) -> None:
        with suppress(OSError):  # EIO: nobody has the terminal open any more
            while not self._over.is_set():
                if select([self.ours], [], [], _LOOK)[0]:
                    said = os.read(self.ours, 65536)
                    if not said:
                        return
                    self._read.append(said)
