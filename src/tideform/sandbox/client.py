"""Find, start and stop the sandbox of a workspace.

Light on purpose: every command on the local target imports it. The server itself is a process of its own
(`tideform.sandbox.server`) that outlives the command which started it.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tideform.cloud import Credentials
from tideform.errors import SandboxError
from tideform.paths import Workspace
from tideform.sandbox import control, description
from tideform.sandbox.description import Description

START_TIMEOUT = 60.0  # seconds; it takes about one, on an idle machine
STOP_TIMEOUT = 20.0
_KILL_TIMEOUT = 5.0
_POLL = 0.02


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: where it is, and the keys that it takes. Its state lives and dies with ``boot_id``."""

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    boot_id: str
    pid: int
    port: int

    @property
    def credentials(self) -> Credentials:
        """What a boto3 session needs to reach it."""
        return Credentials(self.access_key, self.secret_key, self.endpoint)


def find(workspace: Workspace) -> Sandbox | None:
    """The workspace's sandbox if it runs, answers and is ours; makes and starts nothing."""
    found = _answering(_folder(workspace))
    return None if found is None else _sandbox(found)


def ensure(workspace: Workspace) -> Sandbox:
    """The workspace's sandbox, started if need be; one and the same for processes that ask at once.

    Raises `SandboxError` if it cannot be started, or runs and does not answer.
    """
    if found := find(workspace):
        return found
    folder = workspace.sandbox
    with description.exclusively(folder / description.START_LOCK):
        server = _wait_for_starting(folder)
        if server is None:
            server = _start(workspace, folder)
    return _sandbox(server)


def stop(workspace: Workspace) -> bool:
    """End the sandbox with all its jobs and wait until it is gone; False if none ran."""
    folder = _folder(workspace)
    if not folder.is_dir():
        return False
    with description.exclusively(folder / description.START_LOCK):
        ran = description.is_alive(folder)
        if ran:
            _end(folder)
        description.remove(folder)
    return ran


def status(workspace: Workspace) -> dict[str, Any] | None:
    """What the sandbox says of itself: uptime, instances, jobs, clock; None if it does not run."""
    server = _answering(_folder(workspace))
    return None if server is None else control.call(server, "GET", "status")


def advance_clock(workspace: Workspace, seconds: float) -> float:
    """Move the sandbox's clock forward; returns its new time in seconds since the epoch."""
    server = _answering(_folder(workspace))
    if server is None:
        raise _error("TD502", "the sandbox does not run", fix="start it: `tideform sandbox start`")
    return float(control.call(server, "POST", "clock", {"advance": seconds})["now"])


def _folder(workspace: Workspace) -> Path:
    """The sandbox's folder, without making it."""
    return workspace.root / ".tideform" / "sandbox"


def _sandbox(server: Description) -> Sandbox:
    return Sandbox(
        server.endpoint, server.access_key, server.secret_key, server.boot_id, server.pid, server.port
    )


def _answering(folder: Path) -> Description | None:
    server = description.read(folder)
    if server is None or not description.is_alive(folder):
        return None
    with suppress(OSError):
        if control.call(server, "GET", "ping").get("boot_id") == server.boot_id:
            return server
    return None


def _wait_for_starting(folder: Path) -> Description | None:
    """A server that lives but is not yet, or no longer, answering: wait until it is one or the other."""
    deadline = time.monotonic() + START_TIMEOUT
    while description.is_alive(folder):
        if server := _answering(folder):
            return server
        if time.monotonic() > deadline:
            raise _error(
                "TD503",
                "the sandbox does not answer",
                detail=f"A server of {folder} holds its lock, but has not answered for {START_TIMEOUT:.0f} s.",
                fix="end it: `tideform sandbox stop`, then run the command again",
            )
        time.sleep(_POLL)
    return None


def _start(workspace: Workspace, folder: Path) -> Description:
    description.remove(folder)
    reading, writing = os.pipe()
    try:
        with (folder / description.LOG).open("ab") as log:
            starter = subprocess.Popen(
                [sys.executable, "-P", "-m", "tideform.sandbox.server"]
                + [str(workspace.root.absolute()), str(writing)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(writing,),
                cwd=folder,
                env=_clean_environment(),
                start_new_session=True,
            )
        os.close(writing)
        writing = -1
        starter.wait()  # it forks the server and leaves at once
        ready, _, _ = select.select([reading], [], [], START_TIMEOUT)
        word = os.read(reading, 16) if ready else b""
    finally:
        os.close(reading)
        if writing >= 0:
            os.close(writing)
    server = description.read(folder) if word == b"ready" else None
    if server is None:
        raise _start_failed(folder)
    return server


def _clean_environment() -> dict[str, str]:
    """Ours without what would lead the server's own AWS calls or moto's settings astray."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_", "TEST_"))
    }


def _end(folder: Path) -> None:
    """Ask, then insist, then force."""
    server = description.read(folder)
    if server is not None:
        with suppress(OSError):
            control.call(server, "POST", "shutdown")
            if _gone(folder, STOP_TIMEOUT):
                return
        for how in (signal.SIGTERM, signal.SIGKILL):
            if server.started and description.start_time(server.pid) == server.started:
                with suppress(ProcessLookupError):
                    os.kill(server.pid, how)
            if _gone(folder, _KILL_TIMEOUT):
                return
    raise _error(
        "TD504",
        "the sandbox could not be stopped",
        detail=f"A process holds {folder / description.ALIVE_LOCK} and does not say which it is.",
        fix=f"find it with `fuser {folder / description.ALIVE_LOCK}` and end it",
    )


def _gone(folder: Path, timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while description.is_alive(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True


def _start_failed(folder: Path) -> SandboxError:
    log = folder / description.LOG
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:] if log.exists() else []
    return _error(
        "TD505",
        "the sandbox did not start",
        detail="Its log ends with:\n" + "\n".join(lines),
        fix=f"read {log}; `tideform doctor` tells whether the installation is complete",
    )


def _error(code: str, summary: str, *, detail: str = "", fix: str = "") -> SandboxError:
    error = SandboxError.of(code, summary, detail=detail, fix=fix)
    assert isinstance(error, SandboxError)
    return error
