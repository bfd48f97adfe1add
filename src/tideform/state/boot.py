"""Which sandbox an environment's local state was applied to.

The sandbox lives in memory, the Pulumi state in a folder. When the first is gone, the second speaks of things that do
not exist, and the engine would fail on each of them. So a state folder remembers the boot id of its sandbox.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import SandboxError
from tideform.paths import Workspace

_RECORD = "sandbox.json"
_KEPT = ("logs", "lock")  # what a reset leaves in an environment's folder; the second also as a prefix


def remember(workspace: Workspace, environment: str, boot_id: str) -> None:
    """Write the boot id down, in one step."""
    record = workspace.environment(environment) / _RECORD
    temporary = record.with_suffix(".new")
    temporary.write_text(json.dumps({"boot_id": boot_id}), encoding="utf-8")
    temporary.replace(record)


def check(workspace: Workspace, environment: str, running: str | None) -> None:
    """Raise `SandboxError` if the state is of another boot than the running one and holds anything."""
    folder = workspace.root / ".tideform" / environment
    remembered = _remembered(folder)
    if remembered is None or remembered == running or is_empty(folder / "state"):
        return
    raise SandboxError(
        Diagnostic(
            "TD501",
            Severity.ERROR,
            "The sandbox of this state is gone",
            detail=f"The state of {environment} in {folder / 'state'} was applied to a sandbox (boot {remembered}) "
            "that has ended since. A sandbox lives in memory only, so nothing of what the state lists exists any more.",
            fix="throw the local state away with `tideform sandbox reset`, then apply again",
        )
    )


def is_empty(state: Path) -> bool:
    """Whether a local state folder holds no resource and no pending operation."""
    from tideform.state import checkpoint

    if not state.is_dir():
        return True
    blobs = checkpoint.FolderBlobs(state)
    found = (checkpoint.read(blobs, project, stack) for project, stack in checkpoint.stacks(blobs))
    return all(one is None or one.empty for one in found)


def local_environments(workspace: Workspace) -> tuple[str, ...]:
    """The environments that have been applied to a sandbox, or keep a state here."""
    hidden = workspace.root / ".tideform"
    folders = sorted(hidden.iterdir()) if hidden.is_dir() else []
    return tuple(folder.name for folder in folders if (folder / _RECORD).is_file() or any((folder / "state").glob("*")))


@contextmanager
def held_states(workspace: Workspace) -> Iterator[tuple[str, ...]]:
    """Hold the locks of all environments with a local state, whose names it gives. Raises `LockedError`."""
    from tideform.state.lock import Lock
    from tideform.state.lock.store import FolderStore

    found = local_environments(workspace)
    with ExitStack() as held:
        for environment in found:
            record = workspace.environment(environment) / "lock.json"
            held.enter_context(
                Lock(FolderStore(record, workspace.state(environment)), environment).hold("sandbox reset")
            )
        yield found


def forget_state(workspace: Workspace, environment: str) -> None:
    """Throw an environment's local state away, with the programs' folders that belong to it; logs stay."""
    _empty(workspace.environment(environment))


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.name.startswith(_KEPT):
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _remembered(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / _RECORD).read_text(encoding="utf-8"))["boot_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
