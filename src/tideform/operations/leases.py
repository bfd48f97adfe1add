"""What the lease table says about a plan: pools that hold capacity are neither moved nor taken away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import CloudError
from tideform.model.planned import PlannedResource
from tideform.model.programs import program
from tideform.operations.held_by_tags import held_by_tags
from tideform.plan.disturbing import disturbing, turning

if TYPE_CHECKING:
    from tideform.burst.lease import PoolRecord
    from tideform.burst.table import LeaseTable
    from tideform.engine.pulumi import PulumiEngine
    from tideform.model.engine import Program
    from tideform.spec.deployment import Deployment
    from tideform.state.backend import Backend

_TABLE = "aws:dynamodb/table:Table"


def stands(deployment: Deployment, state: Backend | PulumiEngine) -> bool:
    """Whether foundation has made the lease table, and so what acts on it; nothing is asked of the cloud."""
    known = state.checkpoint(program(deployment, "foundation"))
    return known is not None and any(resource["type"] == _TABLE for resource in known.resources)


def lease_table(deployment: Deployment, state: Backend | PulumiEngine) -> LeaseTable | None:
    """The table, where foundation has made it; nothing is asked of the cloud."""
    if not stands(deployment, state):
        return None
    from tideform.burst.table import LeaseTable
    from tideform.connect import cloud_for

    return LeaseTable.of(cloud_for(deployment), deployment)


def lease_findings(
    deployment: Deployment,
    engine: Backend | PulumiEngine,
    resources: Sequence[PlannedResource] = (),
    going: Iterable[Program] = (),
    *,
    unit: str | None = None,
    acting: bool = False,
) -> tuple[Diagnostic, ...]:
    """Errors for pools that hold capacity while the spec has them elsewhere, or no more; of one unit where asked.

    So are changes of ``resources`` that would end their work, and bursts of others on what is ``going``. Where a table
    cannot be read that is an error for what is ``acting``, and a warning for what only shows a plan.
    """
    table = lease_table(deployment, engine)
    try:
        others = held_by_tags(deployment, engine, going)
    except CloudError as error:
        others = (_unseen(error, Severity.ERROR if acting else Severity.WARNING),)
    if table is None:
        return others
    return (*_held(deployment, table, resources, unit, acting=acting), *others)


def _held(
    deployment: Deployment, table: LeaseTable, resources: Sequence[PlannedResource], unit: str | None, *, acting: bool
) -> tuple[Diagnostic, ...]:
    from tideform.burst.as_held import held_apart

    try:
        told = table.look().values()
    except CloudError as error:
        return (_unseen(error, Severity.ERROR if acting else Severity.WARNING),)
    held = [
        found
        for record in told
        if not isinstance(record, Diagnostic) and unit in (None, record.pool)
        for found in tuple(held_apart(deployment, [record])) or _disturbed(deployment, record, resources)
    ]
    broken = (one for one in told if isinstance(one, Diagnostic))
    return (*held, *(replace(one, severity=Severity.WARNING) for one in broken))


def _disturbed(
    deployment: Deployment, record: PoolRecord, resources: Sequence[PlannedResource]
) -> tuple[Diagnostic, ...]:
    return (*disturbing(resources, [record]), *turning(deployment.spec.training, [record]))


def _unseen(error: CloudError, severity: Severity) -> Diagnostic:
    return Diagnostic(
        "TD623",
        severity,
        "The plan has not seen who holds capacity",
        detail=f"{error.diagnostics[0].detail}. An apply changes nothing before it has seen that.",
        fix="Give whoever plans and applies dynamodb:Scan on the lease table, and kms:Decrypt on its key. If the table "
        "did not answer, run the command again.",
    )
