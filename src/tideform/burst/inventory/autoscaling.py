"""Auto Scaling groups that may start machines, what is scheduled for them, and commands that run on theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tideform.burst.inventory.base import Area, Leftover, Place, tags_of
from tideform.reaper import instances
from tideform.words import counted

_SIZES = ("MinSize", "MaxSize", "DesiredCapacity")


def _groups(place: Place) -> Iterator[dict[str, Any]]:
    yield from place.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")


def groups(place: Place) -> Iterator[Leftover]:
    """Groups; at zero they cost nothing."""
    for found in _groups(place):
        name = found["AutoScalingGroupName"]
        yield from place.claim(Leftover("autoscaling", "group", name, note=_size(found)), name, tags_of(found))


def awake(place: Place) -> Iterator[Leftover]:
    """Groups that want machines, or still have some."""
    for found in _groups(place):
        if found["MinSize"] or found["DesiredCapacity"] or found["Instances"]:
            name = found["AutoScalingGroupName"]
            awake = Leftover("autoscaling", "group not at zero", name, note=_size(found))
            yield from place.claim(awake, name, tags_of(found))


def schedules(place: Place) -> Iterator[Leftover]:
    """Scheduled actions of our groups: one that brings machines would bring them after the burst."""
    for ours in (found for found in groups(place) if found.ours):
        actions = place.pages(
            "autoscaling", "describe_scheduled_actions", "ScheduledUpdateGroupActions", AutoScalingGroupName=ours.id
        )
        for found in actions:
            sizes = ", ".join(f"{size} {found[size]}" for size in _SIZES if size in found)
            yield Leftover("autoscaling", "scheduled action", f"{ours.id}/{found['ScheduledActionName']}", note=sizes)


def commands(place: Place) -> Iterator[Leftover]:
    """Commands of ours that run: SSM does not hear of instances that ended, so those without one do not count."""
    start = f"{place.deployment.name}/" + (f"{place.unit_made_as} " if place.unit is not None else "")
    executing = [{"key": "ExecutionStage", "value": "Executing"}]
    for found in place.pages("ssm", "list_commands", "Commands", Filters=executing):
        comment = str(found.get("Comment", ""))
        if comment.startswith(start) and _stands(place, found["InstanceIds"]):
            yield Leftover("ssm", "command", found["CommandId"], comment, note=found["Status"].lower())


def placement_groups(place: Place) -> Iterator[Leftover]:
    """Placement groups, by their tags; they cost nothing."""
    by_id: dict[str, dict[str, str]] = {}
    kind = [{"Name": "resource-type", "Values": ["placement-group"]}]
    for tag in place.pages("ec2", "describe_tags", "Tags", Filters=kind):
        by_id.setdefault(tag["ResourceId"], {})[tag["Key"]] = tag["Value"]
    for found, tags in by_id.items():
        name = tags.get("Name", "")
        yield from place.claim(Leftover("ec2", "placement group", found, name), name, tags)


def _stands(place: Place, ids: list[str]) -> bool:
    if not ids:
        return False
    standing = [{"Name": "instance-state-name", "Values": list(instances.STANDING)}]
    return bool(instances.described(place.cloud, [{"Name": "instance-id", "Values": ids}, *standing]))


def _size(found: dict[str, Any]) -> str:
    return (
        f"minimum {found['MinSize']}, desired {found['DesiredCapacity']}, {counted(len(found['Instances']), 'machine')}"
    )


AREAS = (
    Area("Auto Scaling groups", groups),
    Area("Auto Scaling schedules", schedules),
    Area("SSM commands", commands),
    Area("EC2 placement groups", placement_groups),
)
CAPACITY = (
    Area("Auto Scaling groups", awake),
    Area("Auto Scaling schedules", schedules),
    Area("SSM commands", commands),
)
