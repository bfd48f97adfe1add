"""Start the sandbox's process, wait until it answers, and end it; `client` decides when."""

from __future__ import annotations

import os
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import SandboxError
from tideform.flock import StillHeldError, exclusive
from tideform.local import control, description
from tideform.local.description import Description

START_TIMEOUT = 60.0  # seconds; it takes about one, on an idle machine
STOP_TIMEOUT = 20.0
_PATIENCE = 2 * START_TIMEOUT  # whoever starts it waits for an older one to answer first, then for its own
CALL_TIMEOUT = 10.0
_KILL_TIMEOUT = 5.0
_POLL = 0.02
_LOG_LIMIT = 1_000_000  # bytes; an older log is thrown away at the next start
_SERVER = "tideform_sandbox.server"
_PYTHON = shlex.quote(sys.executable)
INSTALL = f"{_PYTHON} -m pip install 'tideform[local]'"  # where tideform itself is installed
_EXTRA = ("moto", "flask", "cronsim", "kubernetes_validate")  # the packages that the extra ``local`` brings


@contextmanager
def exclusively(folder: Path) -> Iterator[None]:
    """Start or stop the server with nobody else doing so. Raises `SandboxError` where another never ends it."""
    lock = folder / description.START_LOCK
    try:
        with exclusive(lock, words=f"process {os.getpid()}", patience=_PATIENCE):
            yield
    except StillHeldError as error:
        raise sandbox_error(
            "TD512",
            "The sandbox does not answer",
            detail=f"{error} has been starting or stopping it for more than {_PATIENCE:.0f} s, and holds {lock}.",
            fix="let that process go on if it is stopped (`fg`, `kill -CONT`), or end it with `kill -9`",
        ) from error


def answering(folder: Path) -> Description | None:
    """The server of a sandbox folder, if it lives, answers and is the one described there."""
    server = description.read(folder)
    if server is None or not description.is_alive(folder):
        return None
    with suppress(OSError):
        if control.call(server, "GET", "ping", timeout=CALL_TIMEOUT).get("boot_id") == server.boot_id:
            return server
    return None


def wait_for_starting(folder: Path) -> Description | None:
    """A server that lives but is not yet, or no longer, answering: wait until it is one or the other."""
    deadline = time.monotonic() + START_TIMEOUT
    while description.is_alive(folder):
        if server := answering(folder):
            return server
        if time.monotonic() > deadline:
            raise sandbox_error(
                "TD512",
                "The sandbox does not answer",
                detail=f"A server of {folder} holds its lock, but has not answered for {START_TIMEOUT:.0f} s.",
                fix="end it: `tideform sandbox stop`, then run the command again",
            )
        time.sleep(_POLL)
    return None


def start(root: Path, folder: Path) -> Description:
    """Start a server for the workspace at ``root``; returns once it answers. Raises `SandboxError` if it never does."""
    _require_installed()
    description.remove(folder)
    _keep_short(folder / description.LOG)
    reading, writing = os.pipe()
    try:
        with (folder / description.LOG).open("ab") as log:
            starter = subprocess.Popen(
                [sys.executable, "-P", "-m", _SERVER, str(root.absolute()), str(writing)],
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


def is_installed() -> bool:
    """Whether the sandbox and all that it requires are there."""
    return all(find_spec(package) for package in (_SERVER.split(".")[0], *_EXTRA))


def _require_installed() -> None:
    """Asked before anything is started: the server's own failure would be a traceback in its log."""
    if is_installed():
        return
    raise sandbox_error(
        "TD517",
        "The local target is not installed",
        detail="This environment has `target: local`, which runs in a sandbox on this machine. This installation of"
        " tideform does not have what the sandbox needs; it is made for environments with `target: aws`.",
        fix=f"Install the extra: `{_PYTHON} -m pip install 'tideform[local]'`. `validate` and `plan --offline` work"
        " without it.",
    )


def _keep_short(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.unlink()


def _clean_environment() -> dict[str, str]:
    """Ours without what would lead the server's own AWS calls or moto's settings astray."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_", "TEST_"))}


def end(folder: Path) -> None:
    """Ask, then insist, then force."""
    server = description.read(folder)
    if server is not None:
        with suppress(OSError):
            control.call(server, "POST", "shutdown", timeout=CALL_TIMEOUT)
            if _gone(folder, STOP_TIMEOUT):
                return
        for how in (signal.SIGTERM, signal.SIGKILL):
            if server.started and description.start_time(server.pid) == server.started:
                with suppress(ProcessLookupError):
                    os.kill(server.pid, how)
            if _gone(folder, _KILL_TIMEOUT):
                return
    raise sandbox_error(
        "TD513",
        "The sandbox could not be stopped",
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
    return sandbox_error(
        "TD514",
        "The sandbox did not start",
        detail="Its log ends with:\n" + "\n".join(lines),
        fix=f"read {log}; `tideform doctor` tells whether the installation is complete",
    )


def sandbox_error(code: str, summary: str, *, detail: str = "", fix: str = "") -> SandboxError:
    """A `SandboxError` of one diagnostic."""
    return SandboxError(Diagnostic(code, Severity.ERROR, summary, detail=detail, fix=fix))
