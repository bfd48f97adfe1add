"""Auto Scaling groups that have machines, what is scheduled for them, and commands that run on theirs."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.reaper import instances
from tideform.resources.autoscaling import described, groups, size
from tideform.resources.inventory import Area, Leftover, Place, tags_of

_SIZES = ("MinSize", "MaxSize", "DesiredCapacity")


def awake(place: Place) -> Iterator[Leftover]:
    """Groups that want machines, or still have some."""
    for found in described(place):
        if found["MinSize"] or found["DesiredCapacity"] or found["Instances"]:
            name = found["AutoScalingGroupName"]
            awake = Leftover("autoscaling", "group not at zero", name, note=size(found))
            yield from place.claim(awake, name, tags_of(found))


def schedules(place: Place) -> Iterator[Leftover]:
    """Scheduled actions of our groups: one that brings machines would bring them after the burst."""
    for ours in (found for found in groups(place) if found.ours):
        actions = place.pages(
            "autoscaling", "describe_scheduled_actions", "ScheduledUpdateGroupActions", AutoScalingGroupName=ours.id
        )
        for found in actions:
            sizes = ", ".join(f"{key} {found[key]}" for key in _SIZES if key in found)
            yield Leftover("autoscaling", "scheduled action", f"{ours.id}/{found['ScheduledActionName']}", note=sizes)


def commands(place: Place) -> Iterator[Leftover]:
    """Commands of ours that run: SSM does not hear of instances that ended, so those without one do not count."""
    start = f"{place.deployment.name}/" + (f"{place.unit_made_as} " if place.unit is not None else "")
    executing = [{"key": "ExecutionStage", "value": "Executing"}]
    for found in place.pages("ssm", "list_commands", "Commands", Filters=executing):
        comment = str(found.get("Comment", ""))
        if comment.startswith(start) and _stands(place, found["InstanceIds"]):
            yield Leftover("ssm", "command", found["CommandId"], comment, note=found["Status"].lower())


def _stands(place: Place, ids: list[str]) -> bool:
    if not ids:
        return False
    standing = [{"Name": "instance-state-name", "Values": list(instances.STANDING)}]
    return bool(instances.described(place.cloud, [{"Name": "instance-id", "Values": ids}, *standing]))


AREAS = (
    Area("Auto Scaling schedules", schedules),
    Area("SSM commands", commands),
)
CAPACITY = (
    Area("Auto Scaling groups", awake),
    *AREAS,
)
