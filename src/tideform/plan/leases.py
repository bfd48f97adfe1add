"""What the lease table says about a plan: pools that hold capacity are neither moved nor taken away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import CloudError
from tideform.plan.programs import program

if TYPE_CHECKING:
    from tideform.burst.table import LeaseTable
    from tideform.engine.backend import Backend
    from tideform.engine.pulumi import PulumiEngine
    from tideform.spec.deployment import Deployment

_TABLE = "aws:dynamodb/table:Table"


def lease_table(deployment: Deployment, state: Backend | PulumiEngine) -> LeaseTable | None:
    """The table, where foundation has made it; nothing is asked of the cloud."""
    known = state.checkpoint(program(deployment, "foundation"))
    if known is None or all(resource["type"] != _TABLE for resource in known.resources):
        return None
    from tideform.burst.table import LeaseTable
    from tideform.connect import cloud_for

    return LeaseTable.of(cloud_for(deployment), deployment)


def lease_findings(deployment: Deployment, engine: PulumiEngine, *, unit: str | None = None) -> tuple[Diagnostic, ...]:
    """Errors for pools that hold capacity while the spec has them elsewhere, or no more; of one unit where asked."""
    from tideform.burst.as_held import held_apart
    from tideform.burst.reaper_brake import unfit

    table = lease_table(deployment, engine)
    if table is None:
        return ()
    try:
        records, broken = table.all(), table.unreadable()
        brake = unfit(table.cloud, deployment) if deployment.spec.training else None
    except CloudError as error:
        return (_unseen(error),)
    apart = held_apart(deployment, [one for one in records if unit in (None, one.pool)])
    return (*apart, *([brake] if brake else []), *(replace(one, severity=Severity.WARNING) for one in broken))


def _unseen(error: CloudError) -> Diagnostic:
    return Diagnostic(
        "TD623",
        Severity.WARNING,
        "The plan has not seen who holds capacity",
        detail=f"{error.diagnostics[0].detail}. An apply looks again, and refuses to move what is held.",
        fix="Give whoever plans dynamodb:Scan on the lease table, and kms:Decrypt on its key.",
    )
