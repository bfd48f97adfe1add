"""What a destroy would refuse, asked before it shows anything: nobody reads a long list to be told no at its end."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from tideform.engine import data

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment


def refuse_beforehand(deployment: Deployment, unit: str | None, named: Collection[str]) -> None:
    """Raise `RefusedError` TD330 for data that is not named, TD421 as `refuse_contested`. Changes nothing, unlocked.

    The destroy itself asks again, under its lock. Leases are its business alone: it first switches off what takes them.
    """
    from tideform.connect import cloud_for
    from tideform.engine.fit import checked_backend
    from tideform.state.owners import refuse_contested

    backend = checked_backend(deployment)
    refuse_contested(deployment, backend.blobs, unit)
    programs = (program for program in backend.existing() if unit in (None, program.unit))
    states = filter(None, map(backend.checkpoint, programs))
    if doomed := tuple(filter(data.guarded, data.doomed_in(states))):
        data.refuse_unnamed(data.held_data(cloud_for(deployment), doomed), named)
