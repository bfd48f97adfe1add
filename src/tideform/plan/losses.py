"""What data a plan would lose: errors for what nobody named, warnings for what was named."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from tideform.diagnostics import Diagnostic, Severity
from tideform.engine import data
from tideform.model.planned import Action, PlannedResource
from tideform.pools.log_groups import is_of_jobs

_GONE = (Action.DELETE, Action.REPLACE)
_LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"

if TYPE_CHECKING:
    from tideform.engine.data import HeldData
    from tideform.spec.deployment import Deployment


def losses(
    deployment: Deployment, resources: Sequence[PlannedResource], named: Collection[str]
) -> tuple[Diagnostic, ...]:
    """Ask the services about everything with data that these resources delete or replace; nothing else is asked."""
    logs, doomed = _job_logs(deployment, resources), tuple(data.doomed_by(resources))
    if not any(map(data.guarded, doomed)):
        return logs
    from tideform.connect import cloud_for

    held = data.held_data(cloud_for(deployment), doomed)
    arriving = [r.name for r in resources if r.action is Action.CREATE and data.is_bucket(r.type)]
    stores = [name for name in arriving if name in deployment.spec.storage]
    lost = [h for h in held if h.name in named and not h.copies]
    return (*data.undermined(doomed), *data.unnamed(held, named, stores), *map(_named, lost), *logs)


def _job_logs(deployment: Deployment, resources: Sequence[PlannedResource]) -> tuple[Diagnostic, ...]:
    """A log is no data that anybody has to name, but whoever looks for it later should not be surprised."""
    groups = [r.id for r in resources if r.action in _GONE and r.type == _LOG_GROUP and is_of_jobs(deployment, r.id)]
    if not groups:
        return ()
    found = Diagnostic(
        "TD347",
        Severity.WARNING,
        "Logs of jobs will be lost",
        detail=f"What jobs have printed goes with {', '.join(sorted(groups))}.",
        fix="Save what is still wanted first: `tideform logs POOL > FILE`.",
    )
    return (found,)


def _named(held: HeldData) -> Diagnostic:
    return Diagnostic(
        "TD336",
        Severity.WARNING,
        "Data that was named will be lost",
        detail=f"{held.name} ({held.doomed.id}) holds {held.what}; they go with it, and do not come back.",
        fix="Leave the name out of --delete-data if that is not meant.",
    )
