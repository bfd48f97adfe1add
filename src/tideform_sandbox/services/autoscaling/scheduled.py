"""Scheduled actions: they fire once, at their time on the sandbox's clock. Recurring ones are stored only.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tideform_sandbox.services.autoscaling.found import group_of, invalid, number, paged
from tideform_sandbox.services.autoscaling.group import Group, at
from tideform_sandbox.services.autoscaling.plane import Plane

_SIZES = ("MinSize", "MaxSize", "DesiredCapacity")


def put_scheduled_update_group_action(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Make an action, or change it."""
    group, name = group_of(plane, given), given["ScheduledActionName"]
    start = _seconds(given.get("StartTime") or given.get("Time"))
    sizes = {key: number(given, key) for key in _SIZES if given.get(key) is not None}
    if not sizes:
        raise invalid("At least one of DesiredCapacity, MinSize or MaxSize must be specified")
    if start is not None and start <= plane.clock.now():
        raise invalid("Given start time is in the past")
    taken = [other for other, action in group.schedule.items() if action["at"] == start and other != name]
    if taken and start is not None:
        raise invalid("Scheduled action with the same start time already exists", "AlreadyExists")
    plane.unschedule(group, name)
    group.schedule[name] = {**sizes, "at": start, "Recurrence": given.get("Recurrence")}
    if start is not None and not given.get("Recurrence"):
        plane.schedule(group, name)
    return {}


def describe_scheduled_actions(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Actions that have not fired yet, of one group or of all."""
    named, names = given.get("AutoScalingGroupName"), given.get("ScheduledActionNames") or []
    groups = [group_of(plane, given)] if named else list(plane.groups.values())
    found = [
        _told(group, name, action)
        for group in groups
        for name, action in group.schedule.items()
        if not names or name in names
    ]
    return paged(found, given, "ScheduledUpdateGroupActions")


def delete_scheduled_action(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Delete an action."""
    group, name = group_of(plane, given), given["ScheduledActionName"]
    if name not in group.schedule:
        raise invalid("Scheduled action name not found")
    plane.unschedule(group, name)
    return {}


def _told(group: Group, name: str, action: dict[str, Any]) -> dict[str, Any]:
    start = {} if action["at"] is None else {"StartTime": at(action["at"]), "Time": at(action["at"])}
    recurrence = {"Recurrence": action["Recurrence"]} if action["Recurrence"] else {}
    place, _, _ = group.arn.partition(":autoScalingGroup:")
    return {
        "AutoScalingGroupName": group.name,
        "ScheduledActionName": name,
        "ScheduledActionARN": f"{place}:scheduledUpdateGroupAction:0:autoScalingGroupName/{group.name}:"
        f"scheduledActionName/{name}",
        **start,
        **recurrence,
        **{key: action[key] for key in _SIZES if key in action},
    }


def _seconds(said: Any) -> float | None:
    if not said:
        return None
    when = said if isinstance(said, datetime) else datetime.fromisoformat(str(said).replace("Z", "+00:00"))
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
