"""Groups: made, told, changed, deleted, tagged.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tideform_sandbox.services.autoscaling.found import group_of, invalid, number, paged
from tideform_sandbox.services.autoscaling.group import Group, described
from tideform_sandbox.services.autoscaling.plane import Plane

_SIZES = ("MinSize", "MaxSize", "DesiredCapacity")
_APART = (*_SIZES, "AutoScalingGroupName", "Tags", "LifecycleHookSpecificationList", "ForceDelete")
_SOURCES = ("LaunchConfigurationName", "LaunchTemplate", "InstanceId", "MixedInstancesPolicy")


def create_auto_scaling_group(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Make a group, and begin to bring it to its size."""
    name = given["AutoScalingGroupName"]
    if name in plane.groups:
        raise invalid(
            f"AutoScalingGroup by this name already exists - A group with the name {name} already exists",
            "AlreadyExists",
        )
    if sum(bool(given.get(source)) for source in _SOURCES) != 1:
        raise invalid(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
            "MixedInstancesPolicy parameter."
        )
    sizes = {key: number(given, key) for key in _SIZES}
    minimum, maximum = sizes["MinSize"] or 0, sizes["MaxSize"] or 0
    desired = minimum if sizes["DesiredCapacity"] is None else sizes["DesiredCapacity"]
    _check(minimum, maximum, desired)
    account = plane.key.split("/")[1]
    region = plane.key.split("/")[2]
    group = Group(
        name=name,
        arn=f"arn:aws:autoscaling:{region}:{account}:autoScalingGroup:{uuid4()}:autoScalingGroupName/{name}",
        settings={key: value for key, value in given.items() if key not in _APART and value is not None},
        minimum=minimum,
        maximum=maximum,
        desired=desired,
        created=plane.clock.now(),
    )
    if why := plane.reason_against_place(group):
        raise invalid(why)
    _set_tags(group, given.get("Tags") or [])
    for hook in given.get("LifecycleHookSpecificationList") or []:
        group.hooks[hook["LifecycleHookName"]] = {"HeartbeatTimeout": 3600, "DefaultResult": "ABANDON", **hook}
    plane.groups[name] = group
    plane.changed()
    return {}


def describe_auto_scaling_groups(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Groups by name and by their tags."""
    names = given.get("AutoScalingGroupNames") or []
    found = [group for group in plane.groups.values() if not names or group.name in names]
    found = [group for group in found if all(_fits(group, one) for one in given.get("Filters") or [])]
    return paged([described(group, plane.zones(group)) for group in found], given, "AutoScalingGroups")


def update_auto_scaling_group(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Change what is given; of a mixed instances policy the template stays, or the distribution, if it is not given."""
    group = group_of(plane, given)
    minimum, maximum, desired = (number(given, key) for key in _SIZES)
    _check(group.minimum if minimum is None else minimum, group.maximum if maximum is None else maximum, desired)
    policy = given.get("MixedInstancesPolicy")
    changes = {key: value for key, value in given.items() if key not in _APART and value is not None}
    if policy:
        changes["MixedInstancesPolicy"] = _merged(group.settings.get("MixedInstancesPolicy") or {}, policy)
        group.settings.pop("LaunchTemplate", None)
    group.settings.update(changes)
    plane.resize(group, minimum, maximum, desired)
    return {}


def set_desired_capacity(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Ask for another size, within the group's bounds."""
    group, desired = group_of(plane, given), int(given["DesiredCapacity"])
    _check(group.minimum, group.maximum, desired)
    plane.resize(group, None, None, desired)
    return {}


def delete_auto_scaling_group(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Delete a group that has no instances, or with force with all of them."""
    group = group_of(plane, given)
    if group.members and not given.get("ForceDelete"):
        raise invalid(
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance "
            "request(s) still in the group.",
            "ResourceInUse",
        )
    plane.delete(group)
    return {}


def suspend_processes(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Let the group no longer do some things by itself."""
    group = group_of(plane, given)
    group.suspended |= set(given.get("ScalingProcesses") or _PROCESSES)
    return {}


def resume_processes(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Let it do them again."""
    group = group_of(plane, given)
    group.suspended -= set(given.get("ScalingProcesses") or _PROCESSES)
    group.retry_at = 0.0
    plane.changed()
    return {}


def create_or_update_tags(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Tag groups; instances that are there keep the tags they have."""
    for tag in given["Tags"]:
        _set_tags(group_of(plane, {"AutoScalingGroupName": tag["ResourceId"]}), [tag])
    return {}


def delete_tags(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Take tags of groups away."""
    for tag in given["Tags"]:
        group = group_of(plane, {"AutoScalingGroupName": tag["ResourceId"]})
        group.tags = [one for one in group.tags if one["Key"] != tag["Key"]]
    return {}


def describe_tags(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """The tags of all groups, or of those that the filters name."""
    found = [
        {**tag, "ResourceId": group.name, "ResourceType": "auto-scaling-group"}
        for group in plane.groups.values()
        for tag in group.tags
    ]
    members = {"auto-scaling-group": "ResourceId", "key": "Key", "value": "Value"}
    for one in given.get("Filters") or []:
        member = members.get(one["Name"])
        found = [tag for tag in found if member is None or str(tag.get(member)) in one["Values"]]
    return paged(found, given, "Tags")


def describe_scaling_activities(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """What a group did and could not do, the newest first."""
    name = given.get("AutoScalingGroupName")
    groups = [group_of(plane, given)] if name else list(plane.groups.values())
    return paged([activity for group in groups for activity in group.activities], given, "Activities")


def _check(minimum: int | None, maximum: int | None, desired: int | None) -> None:
    if minimum is not None and maximum is not None and minimum > maximum:
        raise invalid(f"Max bound, {maximum}, must be greater than or equal to min bound, {minimum}")
    if desired is not None and maximum is not None and desired > maximum:
        raise invalid(f"New SetDesiredCapacity value {desired} is above max value {maximum} for the AutoScalingGroup.")
    if desired is not None and minimum is not None and desired < minimum:
        raise invalid(f"New SetDesiredCapacity value {desired} is below min value {minimum} for the AutoScalingGroup.")


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """A distribution that is given has the defaults where it says nothing, whatever was there."""
    template = {**(old.get("LaunchTemplate") or {}), **(new.get("LaunchTemplate") or {})}
    said = new.get("InstancesDistribution")
    distribution = {**_DISTRIBUTION, **said} if said else old.get("InstancesDistribution") or {}
    return {"LaunchTemplate": template, "InstancesDistribution": distribution}


def _set_tags(group: Group, tags: list[dict[str, Any]]) -> None:
    new = {
        tag["Key"]: {
            "Key": tag["Key"],
            "Value": tag.get("Value", ""),
            "PropagateAtLaunch": bool(tag.get("PropagateAtLaunch")),
        }
        for tag in tags
    }
    group.tags = [tag for tag in group.tags if tag["Key"] not in new] + list(new.values())


def _fits(group: Group, one: dict[str, Any]) -> bool:
    name, values = one["Name"], one["Values"]
    if name in ("tag-key", "tag-value"):
        member = "Key" if name == "tag-key" else "Value"
        return any(tag[member] in values for tag in group.tags)
    return any(tag["Key"] == name.removeprefix("tag:") and tag["Value"] in values for tag in group.tags)


# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html
_DISTRIBUTION = {
    "OnDemandAllocationStrategy": "prioritized",
    "OnDemandBaseCapacity": 0,
    "OnDemandPercentageAboveBaseCapacity": 100,
    "SpotAllocationStrategy": "lowest-price",
}
_PROCESSES = (
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
)
