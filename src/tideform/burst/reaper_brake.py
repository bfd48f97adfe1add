"""The reaper as a brake: in place when its function can run, its schedule calls it, and it has lately done so.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html
"""

from __future__ import annotations

from typing import Any

from tideform.burst.brakes import Brake, Kind
from tideform.burst.reaper.items import HEARTBEAT, SILENCE
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.spec.deployment import Deployment
from tideform.times import utc


def reaper_brake(cloud: Cloud, deployment: Deployment, pool: str = "") -> Brake:
    """The brake of every backend; with ``pool`` it is missing, too, where the last round failed for that pool."""
    return Brake(
        "reaper",
        Kind.TERMINAL,
        "A function in the account ends what is past its deadline or spend cap, every five minutes",
        lambda: _missing(cloud, deployment, pool),
    )


def _missing(cloud: Cloud, deployment: Deployment, pool: str) -> str:
    from tideform.burst.runner import cloud_errors  # which imports the words of brakes itself

    name = deployment.physical_name("reaper", limit=64)
    with cloud_errors("the reaper was looked for"):
        return _no_function(cloud, name) or _no_rounds(cloud, deployment, name, pool)


def _no_function(cloud: Cloud, name: str) -> str:
    found = _found(cloud, "lambda", "get_function_configuration", FunctionName=name)
    if found is None:
        return f"there is no function {name}"
    if found.get("State", "Active") == "Failed":
        return f"the function {name} cannot run: {found.get('StateReason', 'nobody says why')}"
    reserved = _found(cloud, "lambda", "get_function_concurrency", FunctionName=name) or {}
    if reserved.get("ReservedConcurrentExecutions") == 0:
        return f"the function {name} is switched off: it may not run even once at a time"
    return ""


def _no_rounds(cloud: Cloud, deployment: Deployment, name: str, pool: str) -> str:
    schedule = _found(cloud, "scheduler", "get_schedule", Name=name, GroupName="default")
    if schedule is None:
        return f"there is no schedule {name}"
    if schedule["State"] != "ENABLED":
        return f"the schedule {name} is disabled"
    table = LeaseTable.of(cloud, deployment)
    beat, since = table.items.get(HEARTBEAT), cloud.clock() - SILENCE
    if beat is None or beat["at"] < since:
        if schedule["LastModificationDate"].timestamp() >= since:  # just made: its first round is to come
            return ""
        return "it has never run" if beat is None else f"it has not run since {utc(beat['at'])}"
    failures: dict[str, str] = beat["failures"]
    if failed := failures.get(table.identity(pool)):
        return f"its last round failed for this pool: {failed}"
    return ""


def _found(cloud: Cloud, service: str, operation: str, **asked: str) -> dict[str, Any] | None:
    """The answer, or None where there is no such thing."""
    client = cloud.client(service)
    try:
        answer: dict[str, Any] = getattr(client, operation)(**asked)
    except client.exceptions.ResourceNotFoundException:
        return None
    return answer
