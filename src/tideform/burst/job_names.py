"""The names of jobs that were begun or listed from this folder: what the shell completes without asking a cloud."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tideform.files import read_plain, replace_plain
from tideform.spec.deployment import Deployment

_MOST = 100
_BYTES = 64 * 1024  # of a file of ours; a larger one is none


def remember(deployment: Deployment, names: Iterable[str]) -> None:
    """Put these before the older ones. A folder that cannot be written costs a completion, and nothing else."""
    file = _file(deployment)
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        kept = list(dict.fromkeys([*names, *remembered(deployment)]))[:_MOST]
        replace_plain(file, "".join(f"{name}\n" for name in kept).encode())


def remembered(deployment: Deployment) -> list[str]:
    """The newest first; none where there are none, or what stands there is no file of ours."""
    try:
        return read_plain(_file(deployment), _BYTES).decode("utf-8", errors="replace").split()
    except OSError:
        return []


def _file(deployment: Deployment) -> Path:
    return deployment.workspace.environment(deployment.environment) / "jobs"
