"""What a plan is made of, gathered: the spec's digest, the commit, versions, and the state of every stack."""

from __future__ import annotations

import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tideform.plan.saved import Provenance

if TYPE_CHECKING:
    from tideform.operations.pipeline import Planned
    from tideform.spec.deployment import Deployment

_PACKAGES: Final = ("tideform", "pulumi", "pulumi-aws", "pulumi-kubernetes")


def provenance(deployment: Deployment, planned: Planned) -> Provenance:
    """The provenance of a live plan that was just made."""
    from tideform.prices.book import book

    versions = {name: version(name) for name in _PACKAGES}
    return Provenance(
        spec_digest=deployment.digest,
        versions={**versions, "engine": engine_version(), "price book": str(book().date)},
        states={key: preview.state_digest for key, preview in planned.previews.items()},
        commit=commit(deployment.spec_file.parent),
    )


def engine_version() -> str:
    """The engine's version; empty where there is none."""
    from tideform.engine.acquire import find_engine

    found = find_engine()
    return found.version if found else ""


def commit(folder: Path) -> str:
    """The commit that is checked out in the folder; empty outside of git."""
    command = ["git", "-C", str(folder), "rev-parse", "--verify", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
