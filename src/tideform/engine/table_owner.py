"""Whose the lease table of a deployment's name is: asked of the service, where the state does not know it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tideform.diagnostics import Diagnostic, Severity
from tideform.engine.standing import tags_of

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment


def table_of_others(cloud: Cloud, deployment: Deployment) -> Diagnostic | None:
    """TD421 where the lease table of this name has the tags of another project and environment: it tells theirs."""
    tags = tags_of_table(cloud, deployment) or {}
    if "tideform:project" not in tags or is_own(deployment, tags):
        return None
    return anothers(deployment.physical_name("leases"), tags)


def tags_of_table(cloud: Cloud, deployment: Deployment) -> Mapping[str, str] | None:
    """The tags of the table; None where there is none of that name."""
    from tideform.burst.runner import cloud_errors

    with cloud_errors("the lease table was looked for"):
        return tags_of(cloud, "aws:dynamodb/table:Table", {"name": deployment.physical_name("leases")})


def is_own(deployment: Deployment, tags: Mapping[str, str]) -> bool:
    """Whether these are the tags of this project and environment."""
    ours = {"tideform:project": deployment.spec.project, "tideform:environment": deployment.environment}
    return all(tags.get(key) == value for key, value in ours.items())


def anothers(name: str, tags: Mapping[str, str]) -> Diagnostic:
    """The refusal where the table is of somebody else."""
    return Diagnostic(
        "TD421",
        Severity.ERROR,
        "A name is taken by something that is not ours",
        detail=f"The lease table {name} carries the tags of project {tags['tideform:project']}, environment "
        f"{tags.get('tideform:environment')}, whose names are the same. It was left alone, and nothing was changed.",
        fix="Rename the project or the environment in this spec.",
    )
