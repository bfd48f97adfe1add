"""What acts by itself in the account, told where it would not: the reaper, and what begins bursts.

Nothing of that is a difference between spec and state. So a plan reads the programs back that made it, whether or not
it reads back the others: what was broken or switched off is a change then, and an apply puts it right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import BrokenRecord, CloudError
from tideform.model.programs import program
from tideform.operations.leases import stands
from tideform.unasked import NO_GAPS, Gaps

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.engine.pulumi import PulumiEngine
    from tideform.spec.deployment import Deployment

REAPER: Final = "reaper"  # what can give no answer
STARTERS: Final = "schedules and triggers"
# What `burst.reaper_proof` and `burst.starters` ask for.
_LOOK: Final = (
    "lambda:GetFunctionConfiguration, lambda:GetFunctionConcurrency, lambda:InvokeFunction, scheduler:GetSchedule, "
    "iam:GetRolePolicy, dynamodb:GetItem on the lease table and kms:Decrypt on its key"
)


@dataclass(frozen=True)
class Inert:
    """What would not act: warnings, and the keys of the programs that made it, which are to be read back.

    What could not be looked at is a warning as well, and one of the ``gaps``.
    """

    findings: tuple[Diagnostic, ...] = ()
    made_by: frozenset[str] = frozenset()
    gaps: Gaps = NO_GAPS

    def __add__(self, other: Inert) -> Inert:
        return Inert((*self.findings, *other.findings), self.made_by | other.made_by, self.gaps + other.gaps)


def standing_inert(deployment: Deployment, engine: PulumiEngine | None, unit: str | None = None) -> Inert:
    """The same as `inert` where foundation stands and there is an engine."""
    if engine is None or not stands(deployment, engine):
        return Inert()
    from tideform.connect import cloud_for

    return inert(cloud_for(deployment), deployment, unit)


def inert(cloud: Cloud, deployment: Deployment, unit: str | None = None) -> Inert:
    """Of the reaper, and of what begins bursts: of one unit's alone where that is given."""
    return _reaper(cloud, deployment) + _starters(cloud, deployment, unit)


def _reaper(cloud: Cloud, deployment: Deployment) -> Inert:
    """It is not as it should be (TD625), or cannot be looked at."""
    from tideform.burst.reaper_brake import unfit

    if not deployment.spec.training:
        return Inert()
    foundation = frozenset({"foundation"})
    try:
        brake = unfit(cloud, deployment)
    except CloudError as error:
        return replace(_unseen(REAPER, error), made_by=foundation)
    return Inert() if brake is None else Inert((brake,), foundation)


def _starters(cloud: Cloud, deployment: Deployment, unit: str | None) -> Inert:
    from tideform.burst.starters import switched_off

    try:
        off = switched_off(cloud, deployment)
    except CloudError as error:
        return _unseen(STARTERS, error)
    told = {pool: name for pool, name in off.items() if unit in (None, pool)}
    made_by = frozenset(program(deployment, "training", pool).key for pool in told)
    return Inert(tuple(_off(pool, name) for pool, name in told.items()), made_by)


def _off(pool: str, name: str) -> Diagnostic:
    return Diagnostic(
        "TD628",
        Severity.WARNING,
        "Bursts do not begin by themselves",
        detail=f"{pool}: the function {name} is switched off (it may not run even once at a time), as a `destroy` "
        "leaves it. Its schedule or trigger calls it in vain.",
        fix="Run `tideform apply`: it switches it on again. Or go on with `tideform destroy`.",
    )


def _unseen(what: str, error: CloudError) -> Inert:
    """TD611 or the like, once: it is a warning here, and no problem of the gap's own."""
    told = replace(error.diagnostics[0], severity=Severity.WARNING)
    if not isinstance(error, BrokenRecord):  # which has a way out of its own
        told = replace(told, fix=f"Whoever looks needs {_LOOK}.")
    return Inert((told,), gaps=replace(Gaps.of(what, error), problems=()))
