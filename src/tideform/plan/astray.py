"""What a plan would make although it stands: the state was lost, or is another one, or somebody else has the name.

An apply would make a second one of whatever takes no name, and then fail on the first name that is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tideform.diagnostics import Diagnostic, Severity
from tideform.engine.standing import tags_of
from tideform.errors import RefusedError
from tideform.plan.model import Action, PlannedResource

if TYPE_CHECKING:
    from tideform.engine.base import Preview
    from tideform.spec.deployment import Deployment

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
    own = [resource for resource, tags in standing if _is_own(deployment, tags)]
    foreign = [_taken(resource) for resource, tags in standing if not _is_own(deployment, tags)]
    if found := [*([_unknown(deployment, own)] if own else []), *foreign]:
        raise RefusedError(found)


def _is_own(deployment: Deployment, tags: Mapping[str, str]) -> bool:
    ours = {"tideform:project": deployment.spec.project, "tideform:environment": deployment.environment}
    return all(tags.get(key) == value for key, value in ours.items())


def _unknown(deployment: Deployment, own: list[PlannedResource]) -> Diagnostic:
    named = ", ".join(resource.address for resource in own[:_SHOWN])
    more = f" and {len(own) - _SHOWN} more" if len(own) > _SHOWN else ""
    return Diagnostic(
        "TD407",
        Severity.ERROR,
        "What stands is not in the state",
        detail=f"{named}{more} would be created, but stand already with the tags of {deployment.name}. "
        f"The state ({deployment.settings.state or deployment.workspace.state(deployment.environment)}) "
        "does not know them: it was lost, or is another one.",
        fix="Bring the state back to its place, or take it over from where it is: `tideform state move --from PLACE`.",
    )


def _taken(resource: PlannedResource) -> Diagnostic:
    return Diagnostic(
        "TD421",
        Severity.ERROR,
        "A name is taken by something that is not ours",
        detail=f"{resource.address}: something of that name exists and does not carry this project's tags.",
        fix="It was left alone. Rename the unit in the spec, or remove the other resource if it is not needed.",
    )
