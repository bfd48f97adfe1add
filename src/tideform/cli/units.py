"""Units by name, as ``--unit`` takes them: an unknown one is a slip of the pen, never nothing to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment


def refuse_unknown_unit(deployment: Deployment, unit: str | None, standing: Iterable[str | None]) -> None:
    """Raise `RefusedError` unless the unit is in the spec or among those that stand."""
    from tideform.errors import RefusedError
    from tideform.spec.suggest import did_you_mean

    known = {*deployment.spec.training, *deployment.spec.serving, *filter(None, standing)}
    if unit is None or unit in known:
        return
    raise RefusedError.of(
        "TD350",
        "There is no such unit",
        detail=f"{unit} is neither a training pool nor an endpoint, in the spec or standing.",
        fix=did_you_mean(unit, known) or f"Units: {', '.join(sorted(known)) or 'none'}.",
    )
