"""Auto Scaling groups and their life-cycle hooks."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.aws.shapes import from_api

_SERVICE = "autoscaling"
_SIZES = words("minSize maxSize desiredCapacity suspendedProcesses")
_SETTINGS = words(
    "mixedInstancesPolicy launchTemplate capacityRebalance placementGroup healthCheckType healthCheckGracePeriod "
    "defaultCooldown maxInstanceLifetime terminationPolicies capacityReservationSpecification"
)
_NAMES = {"name": "AutoScalingGroupName", "protectFromScaleIn": "NewInstancesProtectedFromScaleIn"}


def _asked(context: Context, operation: str, inputs: Inputs) -> dict[str, Any]:
    asked = {key: inputs[key] for key in _SETTINGS | {"protectFromScaleIn"} if inputs.get(key) not in (None, "", [])}
    members: dict[str, Any] = context.carried(_SERVICE, operation, asked, _NAMES)
    if inputs.get("vpcZoneIdentifiers"):
        members["VPCZoneIdentifier"] = ",".join(inputs["vpcZoneIdentifiers"])
    return members


def _tags(name: str, tags: list[dict[str, Any]]) -> list[dict[str, Any]]:
    place = {"ResourceId": name, "ResourceType": "auto-scaling-group"}
    return [
        {**place, "Key": tag["key"], "Value": tag["value"], "PropagateAtLaunch": _truth(tag.get("propagateAtLaunch"))}
        for tag in tags
    ]


def _truth(said: Any) -> bool:
    return said is True or str(said).lower() == "true"


def _create_group(context: Context, inputs: Inputs) -> str:
    name = str(inputs["name"])
    sizes = {key: int(inputs.get(key) or 0) for key in _SIZES - {"suspendedProcesses"}}
    context.call(
        _SERVICE,
        "create_auto_scaling_group",
        AutoScalingGroupName=name,
        MinSize=sizes["minSize"],
        MaxSize=sizes["maxSize"],
        DesiredCapacity=sizes["desiredCapacity"],
        Tags=_tags(name, inputs.get("tags") or []),
        **_asked(context, "create_auto_scaling_group", inputs),
    )
    _suspend(context, name, inputs)
    return name


def _suspend(context: Context, name: str, inputs: Inputs) -> None:
    """A group that may launch what it must not is not left behind."""
    if not inputs.get("suspendedProcesses"):
        return
    processes = list(inputs["suspendedProcesses"])
    try:
        context.call(_SERVICE, "suspend_processes", AutoScalingGroupName=name, ScalingProcesses=processes)
    except Refusal:
        context.call(_SERVICE, "delete_auto_scaling_group", AutoScalingGroupName=name, ForceDelete=True)
        raise


def _settle_group(context: Context, name: str, old: Inputs, new: Inputs) -> None:
    """Sizes and what is suspended are set at the beginning only: a burst moves them, and our programs let it.

    A policy is sent where it changes, and then as a whole, with the percentage of the state: as resourceGroupUpdate
    does in terraform-provider-aws, internal/service/autoscaling/group.go.
    """
    if not old:
        return
    members = _asked(context, "update_auto_scaling_group", new)
    if old.get("mixedInstancesPolicy") == new.get("mixedInstancesPolicy"):
        members.pop("MixedInstancesPolicy", None)
    context.call(_SERVICE, "update_auto_scaling_group", AutoScalingGroupName=name, **members)
    before, after = _tags(name, old.get("tags") or []), _tags(name, new.get("tags") or [])
    kept = {tag["Key"] for tag in after}
    if gone := [tag for tag in before if tag["Key"] not in kept]:
        context.call(_SERVICE, "delete_tags", Tags=gone)
    if changed := [tag for tag in after if tag not in before]:
        context.call(_SERVICE, "create_or_update_tags", Tags=changed)


def _read_group(context: Context, name: str, inputs: Inputs) -> Live | None:
    found = context.call(_SERVICE, "describe_auto_scaling_groups", AutoScalingGroupNames=[name])["AutoScalingGroups"]
    if not found:
        return None
    told, one = from_api(found[0], _NAMES, inputs), found[0]
    return {
        **{key: told.get(key) for key in _SETTINGS},
        "name": name,
        "arn": one["AutoScalingGroupARN"],
        "minSize": one["MinSize"],
        "maxSize": one["MaxSize"],
        "desiredCapacity": one["DesiredCapacity"],
        "suspendedProcesses": [process["ProcessName"] for process in one["SuspendedProcesses"]],
        "vpcZoneIdentifiers": [each for each in one.get("VPCZoneIdentifier", "").split(",") if each],
        "availabilityZones": one["AvailabilityZones"],
        "protectFromScaleIn": one["NewInstancesProtectedFromScaleIn"],
        "tags": [
            {"key": tag["Key"], "value": tag["Value"], "propagateAtLaunch": tag["PropagateAtLaunch"]}
            for tag in one["Tags"]
        ],
    }


def _delete_group(context: Context, name: str, state: State) -> None:
    force = _truth(state.get("forceDelete"))
    context.call(_SERVICE, "delete_auto_scaling_group", AutoScalingGroupName=name, ForceDelete=force)


_GROUP = Kind(
    type="aws:autoscaling/group:Group",
    inputs=_SETTINGS
    | _SIZES
    | words("name vpcZoneIdentifiers availabilityZones protectFromScaleIn tags forceDelete waitForCapacityTimeout"),
    computed=words("arn availabilityZones defaultCooldown healthCheckType healthCheckGracePeriod"),
    replaces=words("name"),
    defaults={"forceDelete": False, "protectFromScaleIn": False},
    name="name",
    create=_create_group,
    settle=_settle_group,
    read=_read_group,
    delete=_delete_group,
)

_HOOK_ASKED = words(
    "name autoscalingGroupName lifecycleTransition heartbeatTimeout defaultResult notificationMetadata "
    "notificationTargetArn roleArn"
)
_HOOK_NAMES = {"name": "LifecycleHookName"}


def _create_hook(context: Context, inputs: Inputs) -> str:
    group, name = inputs["autoscalingGroupName"], inputs["name"]
    if _hook(context, group, name) is not None:
        raise Refusal("AlreadyExists", f"the group {group} has a life-cycle hook {name} already")
    _put_hook(context, inputs)
    return str(name)


def _put_hook(context: Context, inputs: Inputs) -> None:
    asked = {key: inputs[key] for key in _HOOK_ASKED if inputs.get(key)}
    context.send(_SERVICE, "put_lifecycle_hook", asked, _HOOK_NAMES)


def _hook(context: Context, group: str, name: str) -> dict[str, Any] | None:
    members = {"AutoScalingGroupName": group, "LifecycleHookNames": [name]}
    found = context.call(_SERVICE, "describe_lifecycle_hooks", **members)["LifecycleHooks"]
    return found[0] if found else None


def _settle_hook(context: Context, _identity: str, old: Inputs, new: Inputs) -> None:
    if old:
        _put_hook(context, new)


def _read_hook(context: Context, identity: str, inputs: Inputs) -> Live | None:
    """The vendor's id is the hook's name alone; only an import is by ``GROUP/HOOK``."""
    group, hook = (inputs["autoscalingGroupName"], identity) if inputs else identity.split("/", 1)
    found = _hook(context, group, hook)
    if found is None:
        return None
    told = from_api(found, {"autoscalingGroupName": "AutoScalingGroupName", **_HOOK_NAMES}, inputs)
    return {key: told.get(key) for key in _HOOK_ASKED}


def _delete_hook(context: Context, identity: str, state: State) -> None:
    members = {"LifecycleHookName": identity, "AutoScalingGroupName": state["autoscalingGroupName"]}
    context.call(_SERVICE, "delete_lifecycle_hook", **members)


_HOOK = Kind(
    type="aws:autoscaling/lifecycleHook:LifecycleHook",
    inputs=_HOOK_ASKED,
    computed=words("heartbeatTimeout defaultResult"),
    replaces=words("name autoscalingGroupName"),
    name="name",
    create=_create_hook,
    settle=_settle_hook,
    read=_read_hook,
    delete=_delete_hook,
)

KINDS = (_GROUP, _HOOK)
