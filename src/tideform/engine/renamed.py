"""A project under a new name, while what it made under the old one stands: no command goes on, and each tells it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tideform.errors import RefusedError, TideformError
from tideform.state import checkpoint
from tideform.state.elsewhere import count_standing
from tideform.state.left_behind import LeftBehind, other_projects
from tideform.state.owners import stacks_of
from tideform.times import utc
from tideform.words import counted

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment
    from tideform.state.checkpoint import Blobs


def refuse_renamed(deployment: Deployment, blobs: Blobs) -> None:
    """Raise `RefusedError` TD419 where all that stands in this environment was made under another project's name.

    Where something stands under both names the spec's own goes on, or neither could ever be taken down.
    """
    others = other_projects(deployment, blobs)
    if others and not own_stands(deployment, blobs):
        raise RefusedError([refusal for one in others for refusal in _refused(deployment, one).diagnostics])


def own_stands(deployment: Deployment, blobs: Blobs) -> bool:
    """Whether anything stands under the spec's own name."""
    own = (checkpoint.read(blobs, *stack) for stack in stacks_of(deployment, blobs))
    return any(state is not None and count_standing(state) for state in own)


def _refused(deployment: Deployment, old: LeftBehind) -> RefusedError:
    new = deployment.spec.project
    reset = (
        " On the local target `tideform sandbox reset` throws all of it away." if old.settings.target == "local" else ""
    )
    return RefusedError.of(
        "TD419",
        "What stands was made under another project's name",
        detail=f"{counted(old.resources, 'resource')} of {old.name} in {old.where}: the spec says project: {new} now, "
        f"under which nothing of that would be found, changed or ended. {bursts_of(deployment, old)} "
        "Nothing was started, and nothing is renamed.",
        fix=f"Set project: {old.project} again. To go on as {new}: `tideform destroy` first, while it says "
        f"{old.project}; or write {new} as a spec in a folder of its own, with a state of its own.{reset}",
    )


def bursts_of(deployment: Deployment, old: LeftBehind) -> str:
    """Who holds capacity under that name, as far as anybody can tell."""
    spec = deployment.spec.model_copy(update={"project": old.project})
    before = replace(deployment, spec=spec, environment=old.environment, settings=old.settings)
    try:
        return _leases(before)
    except TideformError as unseen:
        return f"Whether bursts hold capacity there could not be seen: {unseen.diagnostics[0].detail.rstrip('.')}."


def _leases(before: Deployment) -> str:
    from tideform.burst.reconcile import live_leases
    from tideform.connect import cloud_for
    from tideform.engine.table_owner import table_of_others
    from tideform.local.client import find

    if before.target == "local" and find(before.workspace) is None:
        return "Its sandbox does not run, so that no burst of it does."
    cloud = cloud_for(before)
    if table_of_others(cloud, before):
        return "Its lease table is of another project and environment, so that no burst of it holds capacity."
    held = [
        f"{one.pool} (lease {one.id} of {one.owner}, until {utc(one.deadline)})" for one in live_leases(cloud, before)
    ]
    return f"Bursts hold capacity there: {', '.join(held)}." if held else "No burst holds capacity there."
