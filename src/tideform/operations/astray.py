"""What a plan would make although it stands: the state was lost, or is another one, or somebody else has the name.

An apply would make a second one of whatever takes no name, and then fail on the first name that is taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from tideform.diagnostics import Diagnostic, Severity
from tideform.engine.standing import tags_of
from tideform.engine.table_owner import is_own, table_of_others, tags_of_table
from tideform.errors import RefusedError
from tideform.model.planned import Action, PlannedResource

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.engine.pulumi import PulumiEngine
    from tideform.model.engine import Preview
    from tideform.spec.deployment import Deployment
    from tideform.state.backend import Backend

_SHOWN = 5  # resources that are named; the others are counted


def refuse_astray(deployment: Deployment, previews: Iterable[Preview]) -> None:
    """Raise `RefusedError` TD407 where what would be created stands and is ours, TD421 where it is somebody else's.

    What a crashed run left pending is left out: an apply recovers it before it plans.
    """
    created = [
        resource
        for preview in previews
        for resource in preview.resources
        if resource.action is Action.CREATE and resource.urn not in preview.pending
    ]
    if not created:
        return
    from tideform.connect import cloud_for

    cloud = cloud_for(deployment)
    standing = [(r, tags) for r in created if (tags := tags_of(cloud, r.type, r.after or {})) is not None]
    own = [resource.address for resource, tags in standing if is_own(deployment, tags)]
    foreign = [_taken(resource) for resource, tags in standing if not is_own(deployment, tags)]
    if found := [*([_unknown(deployment, own)] if own else []), *foreign]:
        raise RefusedError(found)


def table_astray(cloud: Cloud, deployment: Deployment) -> tuple[Diagnostic, ...]:
    """TD407 as a warning where the lease table stands with the deployment's tags, for a state that does not know it."""
    tags = tags_of_table(cloud, deployment)
    if tags is None or not is_own(deployment, tags):
        return ()
    name = deployment.physical_name("leases")
    return (replace(_unknown(deployment, [f"the lease table {name}"]), severity=Severity.WARNING),)


def refuse_anothers_table(deployment: Deployment, state: Backend | PulumiEngine) -> None:
    """Raise `RefusedError` TD421 where the lease table of this name has the tags of another project and environment.

    Whoever ended bursts by it would end theirs. It is asked for only where the state knows of none of its own, and
    none where the sandbox does not run.
    """
    from tideform.connect import cloud_for
    from tideform.local.client import find
    from tideform.operations.leases import stands

    if stands(deployment, state) or (deployment.target == "local" and find(deployment.workspace) is None):
        return
    if found := table_of_others(cloud_for(deployment), deployment):
        raise RefusedError([found])


def _unknown(deployment: Deployment, own: list[str]) -> Diagnostic:
    named = ", ".join(own[:_SHOWN])
    more = f" and {len(own) - _SHOWN} more" if len(own) > _SHOWN else ""
    return Diagnostic(
        "TD407",
        Severity.ERROR,
        "What stands is not in the state",
        detail=f"{named}{more} would be created, but stand{'s' * (len(own) == 1)} already with the tags of "
        f"{deployment.name}. "
        f"The state ({deployment.settings.state or deployment.workspace.state(deployment.environment)}) "
        "does not know them: it was lost, or is another one.",
        fix="Bring the state back to its place, or take it over from where it is: `tideform state move --from PLACE`. "
        "Where it is lost: `tideform state adopt` makes it anew from what stands.",
    )


def _taken(resource: PlannedResource) -> Diagnostic:
    return Diagnostic(
        "TD421",
        Severity.ERROR,
        "A name is taken by something that is not ours",
        detail=f"{resource.address}: something of that name exists and does not carry this project's tags.",
        fix="It was left alone. Rename the unit in the spec, or remove the other resource if it is not needed.",
    )
