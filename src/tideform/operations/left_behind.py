"""What stands under names that the spec no longer has: it costs, and no plan of the new ones shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from tideform.diagnostics import Diagnostic, Severity
from tideform.engine.renamed import bursts_of, own_stands
from tideform.state.left_behind import LeftBehind, in_this_folder, other_environments, other_projects
from tideform.state.owners import contested
from tideform.words import counted

if TYPE_CHECKING:
    from tideform.engine.pulumi import PulumiEngine
    from tideform.spec.deployment import Deployment
    from tideform.state.backend import Backend
    from tideform.state.checkpoint import Blobs


def left_findings(deployment: Deployment, state: Backend | PulumiEngine, *, brings: bool) -> tuple[Diagnostic, ...]:
    """TD420 for each environment that the spec no longer has, or each project of old beside this one.

    An error for what ``brings`` something, or shows what would be brought, where nothing stands under the spec's own
    name: the environment was renamed, and a second one would be made. Else a warning, as TD421 is for each stack that
    may be the deployment's and is left alone, since nothing proves it. Raises `CloudError` TD415.
    """
    unproved = (replace(one, severity=Severity.WARNING) for _, one in contested(deployment, state.blobs))
    left = left_behind(deployment, state.blobs)
    if not left:
        return tuple(unproved)
    first = brings and not own_stands(deployment, state.blobs)
    return (*told(deployment, left, Severity.ERROR if first else Severity.WARNING), *unproved)


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
    renamed, known = old.project != deployment.spec.project, _is_found(deployment, old)
    again = "" if known else f", write it under environments: ({_entry(old)})"
    return Diagnostic(
        "TD420",
        severity,
        "Something stands that the spec no longer has",
        detail=f"{counted(old.resources, 'resource')} of {old.name} in {old.where}: no command on {deployment.name} "
        f"shows or ends them. {bursts}",
        fix=f"Set project: {old.project} again{again}, `tideform destroy -e {old.environment}`, and then the new name."
        if renamed
        else f"`tideform destroy -e {old.environment}` takes it down; or write it under environments: again."
        if known
        else f"Write it under environments: again ({_entry(old)}), then `tideform destroy -e {old.environment}`.",
    )


def _is_found(deployment: Deployment, old: LeftBehind) -> bool:
    """Whether a destroy finds its environment: one that the spec names, or that has a folder of state here."""
    return old.settings.state is None or old.environment in {*deployment.environments, deployment.environment}


def _entry(old: LeftBehind) -> str:
    account, region, state = old.settings.account, old.settings.region, old.settings.state
    of = f'target: aws, account: "{account}"' if account else "target: local"
    return f'{old.environment}: {{{of}, region: {region}, state: "{state}"}}'
