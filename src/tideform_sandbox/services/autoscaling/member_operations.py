"""Members of groups, and the hooks that hold them before their end.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
"""

from __future__ import annotations

from typing import Any

from tideform_sandbox.services.autoscaling.found import group_of, invalid, paged
from tideform_sandbox.services.autoscaling.group import WAITING, Group, Member, told
from tideform_sandbox.services.autoscaling.plane import Plane

_LONGEST_WAIT = 172800  # seconds; https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LifecycleHook.html


def describe_auto_scaling_instances(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Members of all groups, or those that are named."""
    ids = given.get("InstanceIds") or []
    found = [
        {**told(group, member), "AutoScalingGroupName": group.name}
        for group in plane.groups.values()
        for member in group.members
        if not ids or member.id in ids
    ]
    return paged(found, given, "AutoScalingInstances")


def terminate_instance_in_auto_scaling_group(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """End a member; the group starts another in its place unless it is to be smaller from now on."""
    group, member = _member(plane, given["InstanceId"])
    if given.get("ShouldDecrementDesiredCapacity"):
        if group.desired <= group.minimum:
            raise invalid(
                f"Currently, desiredSize equals minSize ({group.minimum}). Terminating instance without "
                "replacement will violate group's min size constraint."
            )
        group.desired -= 1
    plane.terminate(group, member, "an instance was taken out of service in response to a user request.")
    plane.changed()
    return {"Activity": group.activities[0]} if group.activities else {}


def put_lifecycle_hook(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Make a hook, or change it."""
    group, name = group_of(plane, given), given["LifecycleHookName"]
    old = group.hooks.get(name, {"HeartbeatTimeout": 3600, "DefaultResult": "ABANDON", "GlobalTimeout": _LONGEST_WAIT})
    if not old.get("LifecycleTransition") and not given.get("LifecycleTransition"):
        raise invalid("Required attribute LifecycleTransition is null.")
    group.hooks[name] = {**old, **{key: value for key, value in given.items() if value is not None}}
    return {}


def describe_lifecycle_hooks(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """The hooks of a group."""
    group, names = group_of(plane, given), given.get("LifecycleHookNames") or []
    return {"LifecycleHooks": [hook for name, hook in group.hooks.items() if not names or name in names]}


def delete_lifecycle_hook(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Delete a hook; whom it holds goes on."""
    group = group_of(plane, given)
    if group.hooks.pop(given["LifecycleHookName"], None) is None:
        raise invalid("No Lifecycle Hook found with the given name.")
    for member in [m for m in group.members if m.state == WAITING]:
        plane.complete(group, member.id)
    return {}


def complete_lifecycle_action(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Let a waiting member go on: before an end it ends, whatever the result."""
    group, waiting = _waiting(plane, given)
    plane.complete(group, waiting.id)
    return {}


def record_lifecycle_action_heartbeat(plane: Plane, given: dict[str, Any]) -> dict[str, Any]:
    """Let it wait as long again."""
    group, waiting = _waiting(plane, given)
    waiting.wait_until = plane.clock.now() + float(group.hooks[given["LifecycleHookName"]]["HeartbeatTimeout"])
    plane.changed()
    return {}


def _waiting(plane: Plane, given: dict[str, Any]) -> tuple[Group, Member]:
    group = group_of(plane, given)
    wanted = (given.get("InstanceId"), given.get("LifecycleActionToken"))
    for member in group.members if given["LifecycleHookName"] in group.hooks else ():
        if member.state == WAITING and (member.id in wanted or member.token in wanted):
            return group, member
    raise invalid(f"No active Lifecycle Action found with instance ID {given.get('InstanceId')}")


def _member(plane: Plane, instance_id: str) -> tuple[Group, Member]:
    for group in plane.groups.values():
        for member in group.members:
            if member.id == instance_id:
                return group, member
    raise invalid(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")
