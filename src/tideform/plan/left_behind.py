"""What stands under names that the spec no longer has: it costs, and no plan of the new ones shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tideform.diagnostics import Diagnostic, Severity
from tideform.engine.left_behind import LeftBehind, in_this_folder, other_environments, other_projects
from tideform.engine.renamed import bursts_of, own_stands
from tideform.words import counted

if TYPE_CHECKING:
    from tideform.engine.backend import Backend
    from tideform.engine.checkpoint import Blobs
    from tideform.engine.pulumi import PulumiEngine
    from tideform.spec.deployment import Deployment


def left_findings(deployment: Deployment, state: Backend | PulumiEngine, *, brings: bool) -> tuple[Diagnostic, ...]:
    """TD420 for each environment that the spec no longer has, or each project of old beside this one.

    An error for what ``brings`` something, or shows what would be brought, where nothing stands under the spec's own
    name: the environment was renamed, and a second one would be made. Else a warning. Raises `CloudError` TD415.
    """
    left = left_behind(deployment, state.blobs)
    if not left:
        return ()
    first = brings and not own_stands(deployment, state.blobs)
    return told(deployment, left, Severity.ERROR if first else Severity.WARNING)


def told(deployment: Deployment, left: Iterable[LeftBehind], severity: Severity) -> tuple[Diagnostic, ...]:
    """TD420 for each of them, and whether bursts hold capacity there. Raises `CloudError` TD415."""
    return tuple(_left(deployment, one, severity, bursts_of(deployment, one)) for one in left)


def left_findings_offline(deployment: Deployment) -> tuple[Diagnostic, ...]:
    """The same from the files of this folder alone, each a warning: no bucket is read, and nobody asked for bursts.

    Raises `CloudError` TD415.
    """
    unasked = "Whether bursts hold capacity there was not asked."
    return tuple(_left(deployment, one, Severity.WARNING, unasked) for one in in_this_folder(deployment))


def left_behind(deployment: Deployment, blobs: Blobs) -> tuple[LeftBehind, ...]:
    """What stands under names that the spec no longer has. Raises `CloudError` TD415."""
    return (*other_projects(deployment, blobs), *other_environments(deployment, blobs))


def _left(deployment: Deployment, old: LeftBehind, severity: Severity, bursts: str) -> Diagnostic:
    renamed = old.project != deployment.spec.project
    return Diagnostic(
        "TD420",
        severity,
        "Something stands that the spec no longer has",
        detail=f"{counted(old.resources, 'resource')} of {old.name} in {old.where}: no command on {deployment.name} "
        f"shows or ends them. {bursts}",
        fix=f"Set project: {old.project} again, `tideform destroy -e {old.environment}`, and then the new name."
        if renamed
        else f"`tideform destroy -e {old.environment}` takes it down; or write it under environments: again."
        if old.settings.target == "local"
        else f"Write it under environments: again ({_entry(old)}), then `tideform destroy -e {old.environment}`.",
    )


def _entry(old: LeftBehind) -> str:
    account, region, state = old.settings.account, old.settings.region, old.settings.state
    return f'{old.environment}: {{target: aws, account: "{account}", region: {region}, state: "{state}"}}'
