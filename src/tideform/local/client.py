"""Find, start and stop the sandbox of a workspace.

Light on purpose: every command on the local target imports it. The server itself is a process of its own
(`tideform_sandbox.server`) that outlives the command which started it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tideform.cloud import Credentials
from tideform.local import control, description, launch
from tideform.local.description import Description
from tideform.paths import Workspace
from tideform.state import boot

_ADVANCE_TIMEOUT = 1800.0  # seconds; every schedule, function and time-out on the way happens for real


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
    found = launch.answering(_folder(workspace))
    return None if found is None else _sandbox(found)


def ensure(workspace: Workspace) -> Sandbox:
    """The workspace's sandbox, started if need be; one and the same for processes that ask at once.

    Raises `SandboxError` if it cannot be started, or runs and does not answer.
    """
    if found := find(workspace):
        return found
    folder = workspace.sandbox
    with launch.exclusively(folder):
        server = launch.wait_for_starting(folder)
        if server is None:
            server = launch.start(workspace.root, folder)
    return _sandbox(server)


def stop(workspace: Workspace) -> bool:
    """End the sandbox with all its jobs and wait until it is gone; False if none ran."""
    folder = _folder(workspace)
    if not folder.is_dir():
        return False
    with launch.exclusively(folder):
        ran = description.is_alive(folder)
        if ran:
            launch.end(folder)
        description.remove(folder)
    return ran


def reset(workspace: Workspace) -> tuple[str, ...]:
    """End the sandbox and throw away the local state that spoke of it; returns the environments it was of.

    Raises `LockedError`, with nothing done, if a run holds one of them.
    """
    with boot.held_states(workspace) as environments:
        stop(workspace)
        for environment in environments:
            boot.forget_state(workspace, environment)
    return environments


def remember_boot(workspace: Workspace, environment: str, boot_id: str) -> None:
    """Note in an environment's folder which sandbox its state is applied to."""
    boot.remember(workspace, environment, boot_id)


def check_boot(workspace: Workspace, environment: str) -> None:
    """Raise `SandboxError` (TD501) if the environment's state speaks of a sandbox that is gone."""
    running = find(workspace)
    boot.check(workspace, environment, running.boot_id if running else None)


def status(workspace: Workspace) -> dict[str, Any] | None:
    """What the sandbox says of itself: uptime, instances, jobs, clock; None if it does not run."""
    server = launch.answering(_folder(workspace))
    return None if server is None else control.call(server, "GET", "status")


def advance_clock(workspace: Workspace, seconds: float) -> float:
    """Move the sandbox's clock forward; returns its new time in seconds since the epoch.

    Waits until everything that happens on the way has happened. Raises `SandboxError` where no sandbox runs.
    """
    return float(_call(workspace, "POST", "clock", {"advance": seconds}, timeout=_ADVANCE_TIMEOUT)["now"])


def clock(workspace: Workspace) -> dict[str, Any]:
    """The sandbox's time: ``now`` in seconds since the epoch, and its ``offset`` from the machine's."""
    return _call(workspace, "GET", "clock")


def market(workspace: Workspace, script: dict[str, Any] | None = None) -> dict[str, Any]:
    """What holds on the capacity market, after a script (see `tideform_sandbox.market.script`) if one is given.

    Raises `SandboxError` where no sandbox runs, or where the script is refused.
    """
    return _call(workspace, "GET", "market") if script is None else _call(workspace, "POST", "market", script)


def break_brake(workspace: Workspace, name: str, *, broken: bool) -> None:
    """Leave one of AWS's own brakes out (`tideform_sandbox.world.BRAKES`), or put it back: to see another one alone.

    Raises `SandboxError` where no sandbox runs, or has no such brake.
    """
    _call(workspace, "POST", "brakes", {"name": name, "broken": broken})


def move_clusters(workspace: Workspace, endpoint: str, authority: str) -> None:
    """Let EKS tell this address and certificate authority (in base64) of its clusters: of a real API that a test has.

    Raises `SandboxError` where no sandbox runs.
    """
    _call(workspace, "POST", "clusters", {"endpoint": endpoint, "authority": authority})


def bill(workspace: Workspace) -> dict[str, Any]:
    """The sandbox's own account of what ran: ``machines``, ``pools``, ``total`` in USD."""
    return _call(workspace, "GET", "bill")


def _call(
    workspace: Workspace, method: str, name: str, body: object = None, *, timeout: float = launch.CALL_TIMEOUT
) -> dict[str, Any]:
    server = launch.answering(_folder(workspace))
    if server is None:
        raise launch.sandbox_error("TD511", "The sandbox does not run", fix="start it: `tideform sandbox start`")
    try:
        return control.call(server, method, name, body, timeout=timeout)
    except control.Refused as refused:
        fix = "See `tideform sandbox --help` for what it takes."
        raise launch.sandbox_error("TD630", "The sandbox refuses", detail=str(refused), fix=fix) from refused


def _folder(workspace: Workspace) -> Path:
    """The sandbox's folder, without making it."""
    return workspace.root / ".tideform" / "sandbox"


def _sandbox(server: Description) -> Sandbox:
    return Sandbox(server.endpoint, server.access_key, server.secret_key, server.boot_id, server.pid, server.port)
