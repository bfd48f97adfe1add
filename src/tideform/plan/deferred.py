"""Units that cannot be built yet, and those that stand although they would have to wait."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tideform.diagnostics import Diagnostic, Severity
from tideform.model.planned import Deferred

if TYPE_CHECKING:
    from tideform.model.engine import Program
    from tideform.spec.deployment import Deployment


def deferred_units(deployment: Deployment) -> tuple[Deferred, ...]:
    """What an apply puts off until what it needs exists, with the backend's reason.

    Raises `RefusedError` (TD308) where the pins cannot be read.
    """
    return tuple(_deferred(deployment))


def _deferred(deployment: Deployment) -> Iterator[Deferred]:
    from tideform.components.pins import pins
    from tideform.registry.serving import backends

    pinned = pins(deployment)
    for name, endpoint in deployment.spec.serving.items():
        reason = backends()[endpoint.backend].deferred(deployment, name, endpoint, pinned)
        if reason is not None:
            yield Deferred(f"serving/{name}", reason)


def standing_without_a_model(put_off: Iterable[Deferred], standing: Iterable[Program]) -> Iterator[Diagnostic]:
    """Endpoints that run while their pin is gone: an apply would take their alarms and their way in, and leave them."""
    here = {program.key for program in standing}
    for one in put_off:
        if one.program in here:
            unit = one.program.partition("/")[2]
            yield Diagnostic(
                "TD309",
                Severity.ERROR,
                "An endpoint stands whose model is not pinned any more",
                path=f"serving.{unit}",
                detail=f"{one.reason[0].upper()}{one.reason[1:]}, and {one.program} is running: "
                "an apply would stop watching it, and let it run and cost.",
                fix=f"Pin the version again, or take the endpoint away: tideform destroy --unit {unit}",
            )


def standing_on_nothing(wanted: Iterable[Program], standing: Iterable[Program]) -> Iterator[Diagnostic]:
    """Units that are planned alone, while what they are built on does not stand."""
    here = {program.key for program in standing}
    for program in wanted:
        if missing := [key for key in program.reads if key not in here]:
            yield Diagnostic(
                "TD353",
                Severity.ERROR,
                "A unit cannot be built before what it is built on",
                detail=f"{program.key} needs {' and '.join(missing)}, which no apply has made yet.",
                fix="Run `tideform apply` without --unit first.",
            )
