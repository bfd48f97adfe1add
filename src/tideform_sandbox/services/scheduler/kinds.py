"""Schedules of EventBridge Scheduler. Every change is the whole schedule anew; a schedule has no tags of its own."""

from __future__ import annotations

from typing import Any

from tideform.times import utc
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.shapes import from_api

_ASKED = words(
    "name groupName description scheduleExpression scheduleExpressionTimezone flexibleTimeWindow target state "
    "startDate endDate kmsKeyArn actionAfterCompletion"
)

_DATES = {"startDate": "StartDate", "endDate": "EndDate"}


def _create(context: Context, inputs: Inputs) -> str:
    context.send("scheduler", "create_schedule", _members(inputs))
    return f"{inputs.get('groupName', 'default')}/{inputs['name']}"


def _members(inputs: Inputs) -> dict[str, Any]:
    return {key: inputs[key] for key in _ASKED if inputs.get(key)}


def _settle(context: Context, _identity: str, old: Inputs, new: Inputs) -> None:
    if old and _members(old) != _members(new):
        context.send("scheduler", "update_schedule", _members(new))


def _place(identity: str) -> dict[str, str]:
    group, _, name = identity.partition("/")
    return {"GroupName": group, "Name": name}


def _read(context: Context, identity: str, inputs: Inputs) -> Live | None:
    found = context.call("scheduler", "get_schedule", **_place(identity))
    told = from_api({key: value for key, value in found.items() if key != "ResponseMetadata"}, {}, inputs)
    dates = {key: utc(found[member].timestamp()) for key, member in _DATES.items() if found.get(member)}
    return {**{key: told.get(key) for key in _ASKED}, **dates, "arn": found["Arn"]}


def _delete(context: Context, identity: str, _state: State) -> None:
    context.call("scheduler", "delete_schedule", **_place(identity))


_SCHEDULE = Kind(
    type="aws:scheduler/schedule:Schedule",
    inputs=_ASKED,
    computed=words("arn"),
    replaces=words("name groupName"),
    defaults={"groupName": "default", "state": "ENABLED", "scheduleExpressionTimezone": "UTC"},
    name="name",
    create=_create,
    settle=_settle,
    read=_read,
    delete=_delete,
)

KINDS = (_SCHEDULE,)
