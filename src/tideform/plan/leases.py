"""What the lease table says about a plan: pools that hold capacity are neither moved nor taken away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import CloudError
from tideform.plan.programs import program

if TYPE_CHECKING:
    from tideform.burst.table import LeaseTable
    from tideform.cloud import Cloud
    from tideform.engine.backend import Backend
    from tideform.engine.pulumi import PulumiEngine
    from tideform.spec.deployment import Deployment

_TABLE = "aws:dynamodb/table:Table"
# What `burst.reaper_proof` asks for.
_LOOK = (
    "lambda:GetFunctionConfiguration, lambda:GetFunctionConcurrency, lambda:InvokeFunction, scheduler:GetSchedule, "
    "iam:GetRolePolicy, dynamodb:GetItem on the lease table and kms:Decrypt on its key"
)


def lease_table(deployment: Deployment, state: Backend | PulumiEngine) -> LeaseTable | None:
    """The table, where foundation has made it; nothing is asked of the cloud."""
    known = state.checkpoint(program(deployment, "foundation"))
    if known is None or all(resource["type"] != _TABLE for resource in known.resources):
        return None
    from tideform.burst.table import LeaseTable
    from tideform.connect import cloud_for

    return LeaseTable.of(cloud_for(deployment), deployment)


def lease_findings(
    deployment: Deployment, engine: PulumiEngine, *, unit: str | None = None, acting: bool = False
) -> tuple[Diagnostic, ...]:
    """Errors for pools that hold capacity while the spec has them elsewhere, or no more; of one unit where asked.

    Where the table cannot be read that is an error for what is ``acting``, and a warning for what only shows a plan.
    """
    table = lease_table(deployment, engine)
    if table is None:
        return ()
    return (*_held(deployment, table, unit, acting=acting), *reaper_findings(table.cloud, deployment))


def reaper_findings(cloud: Cloud, deployment: Deployment) -> tuple[Diagnostic, ...]:
    """Warnings: the reaper is not as it should be (TD625), or cannot be looked at (TD611)."""
    from tideform.burst.reaper_brake import unfit

    if not deployment.spec.training:
        return ()
    try:
        brake = unfit(cloud, deployment)
    except CloudError as error:
        return (replace(error.diagnostics[0], severity=Severity.WARNING, fix=f"Whoever looks needs {_LOOK}."),)
    return () if brake is None else (brake,)


def _held(deployment: Deployment, table: LeaseTable, unit: str | None, *, acting: bool) -> tuple[Diagnostic, ...]:
    from tideform.burst.as_held import held_apart

    try:
        records, broken = table.all(), table.unreadable()
    except CloudError as error:
        return (_unseen(error, Severity.ERROR if acting else Severity.WARNING),)
    apart = held_apart(deployment, [one for one in records if unit in (None, one.pool)])
    return (*apart, *(replace(one, severity=Severity.WARNING) for one in broken))


def _unseen(error: CloudError, severity: Severity) -> Diagnostic:
    return Diagnostic(
        "TD623",
        severity,
        "The plan has not seen who holds capacity",
        detail=f"{error.diagnostics[0].detail}. An apply changes nothing before it has seen that.",
        fix="Give whoever plans and applies dynamodb:Scan on the lease table, and kms:Decrypt on its key. If the table "
        "did not answer, run the command again.",
    )
