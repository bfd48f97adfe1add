"""Bursts on a stack that goes, asked for where its tags say that they are: a tag may tell more than we know.

Whose a stack is was decided by then (`state.owners`). Where some of its tags name another project and environment all
the same, a burst of theirs may stand on it, and only their lease table knows of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tideform.diagnostics import Diagnostic, Severity
from tideform.state.owners import may_have, owner_of, tagged
from tideform.times import utc

if TYPE_CHECKING:
    from tideform.burst.lease import Lease
    from tideform.engine.pulumi import PulumiEngine
    from tideform.model.engine import Program
    from tideform.spec.deployment import Deployment
    from tideform.state.backend import Backend
    from tideform.state.owners import Owner


def held_by_tags(
    deployment: Deployment, state: Backend | PulumiEngine, going: Iterable[Program]
) -> tuple[Diagnostic, ...]:
    """TD332 for each burst of another that stands on one of these pools; TD624 where its item cannot be read.

    Raises `CloudError` where their table cannot be asked.
    """
    return tuple(found for one in going if one.layer == "training" for found in _held(deployment, state, one))


def _held(deployment: Deployment, state: Backend | PulumiEngine, going: Program) -> Iterator[Diagnostic]:
    for other in sorted(tagged(state.checkpoint(going)) - {owner_of(deployment)}):
        if may_have(other, (going.pulumi_project, going.stack)):
            found = _record(deployment, other, going.stack)
            yield from (found,) if isinstance(found, Diagnostic) else (_told(going, other, one) for one in found)


def _record(deployment: Deployment, other: Owner, stack: str) -> Diagnostic | tuple[Lease, ...]:
    """The leases of the pool of ``other`` whose stack this is; what is wrong with its item, and of no other pool's."""
    from tideform.burst.table import LeaseTable
    from tideform.connect import cloud_for

    spec = deployment.spec.model_copy(update={"project": other[0]})
    theirs = replace(deployment, spec=spec, environment=other[1])
    for pool, found in LeaseTable.of(cloud_for(deployment), theirs).look().items():
        if f"{theirs.name}-{theirs.identity('training', pool)}" == stack:
            return found if isinstance(found, Diagnostic) else found.leases
    return ()


def _told(going: Program, other: Owner, lease: Lease) -> Diagnostic:
    return Diagnostic(
        "TD332",
        Severity.ERROR,
        "A burst still holds capacity",
        detail=f"{going.key}: a lease of {lease.owner} runs until {utc(lease.deadline)}, in the lease table of project "
        f"{other[0]}, environment {other[1]}, which tags of the stack {going.stack} name.",
        fix=f"If the stack is theirs, leave it: `tideform apply` of {other[0]} in {other[1]} puts its tags right. "
        "Else end that burst first.",
    )
