"""Scalable targets and scaling policies."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.aws.shapes import from_api

_SERVICE = "application-autoscaling"
_TAGGER = tagging.Tagger(_SERVICE, "ResourceARN", as_map=True)
_PLACE = ("serviceNamespace", "resourceId", "scalableDimension")
_TARGET_ASKED = words("serviceNamespace resourceId scalableDimension minCapacity maxCapacity roleArn suspendedState")
_TARGET_NAMES = {"roleArn": "RoleARN"}


def _parts(identity: str) -> list[str]:
    """``namespace/resource/dimension`` of an id; the resource has slashes of its own."""
    namespace, rest = identity.split("/", 1)
    return [namespace, *rest.rsplit("/", 1)]


def _target(context: Context, place: list[str]) -> dict[str, Any] | None:
    found = context.call(
        _SERVICE,
        "describe_scalable_targets",
        ServiceNamespace=place[0],
        ResourceIds=[place[1]],
        ScalableDimension=place[2],
    )["ScalableTargets"]
    return found[0] if found else None


def _create_target(context: Context, inputs: Inputs) -> str:
    """Registering writes over what is registered; the provider does not adopt, so it looks first."""
    place = [inputs[key] for key in _PLACE]
    if _target(context, place) is not None:
        raise Refusal("AlreadyExists", f"{inputs['resourceId']} is a scalable target already")
    _register(context, inputs, {"Tags": inputs["tags"]} if inputs.get("tags") else {})
    return "/".join(place)


def _register(context: Context, inputs: Inputs, members: dict[str, Any]) -> None:
    asked = {key: inputs[key] for key in _TARGET_ASKED if inputs.get(key) is not None}
    context.send(_SERVICE, "register_scalable_target", asked, _TARGET_NAMES, **members)


def _settle_target(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    if not old:
        return
    if any(old.get(key) != new.get(key) for key in _TARGET_ASKED):
        _register(context, new, {})
    found = _target(context, _parts(identity))
    if found is not None and "ScalableTargetARN" in found:
        _TAGGER.settle(context, found["ScalableTargetARN"], old, new)


def _read_target(context: Context, identity: str, inputs: Inputs) -> Live | None:
    found = _target(context, _parts(identity))
    if found is None:
        return None
    told = from_api(found, _TARGET_NAMES, inputs)
    live = {key: told.get(key) for key in _TARGET_ASKED if key in told and key != "suspendedState"}
    arn = found.get("ScalableTargetARN", "")
    return {**live, "arn": arn, **_live_tags(context, arn)}


def _live_tags(context: Context, arn: str) -> Live:
    if not arn:
        return {}
    return {"tags": context.call(_SERVICE, "list_tags_for_resource", ResourceARN=arn)["Tags"]}


def _delete_target(context: Context, identity: str, _state: State) -> None:
    members = dict(zip(("ServiceNamespace", "ResourceId", "ScalableDimension"), _parts(identity), strict=True))
    context.call(_SERVICE, "deregister_scalable_target", **members)


_TARGET = Kind(
    type="aws:appautoscaling/target:Target",
    inputs=_TARGET_ASKED | {"tags"},
    computed=words("arn roleArn tagsAll"),
    replaces=frozenset(_PLACE),
    create=_create_target,
    settle=_settle_target,
    read=_read_target,
    delete=_delete_target,
)

_POLICY_ASKED = words(
    "name policyType serviceNamespace resourceId scalableDimension stepScalingPolicyConfiguration "
    "targetTrackingScalingPolicyConfiguration"
)
_POLICY_NAMES = {"name": "PolicyName"}


def _policy(context: Context, identity: str) -> dict[str, Any] | None:
    place, _, name = identity.rpartition("/")
    namespace, resource, _dimension = _parts(place)
    found = context.call(
        _SERVICE, "describe_scaling_policies", ServiceNamespace=namespace, ResourceId=resource, PolicyNames=[name]
    )["ScalingPolicies"]
    return next((each for each in found if each["PolicyName"] == name), None)


def _create_policy(context: Context, inputs: Inputs) -> str:
    identity = "/".join([*(inputs[key] for key in _PLACE), inputs["name"]])
    if _policy(context, identity) is not None:
        raise Refusal("AlreadyExists", f"a scaling policy {identity} exists already")
    _put_policy(context, inputs)
    return identity


def _put_policy(context: Context, inputs: Inputs) -> None:
    asked = {key: inputs[key] for key in _POLICY_ASKED if inputs.get(key)}
    context.send(_SERVICE, "put_scaling_policy", asked, _POLICY_NAMES)


def _settle_policy(context: Context, _identity: str, old: Inputs, new: Inputs) -> None:
    if old:
        _put_policy(context, new)


def _read_policy(context: Context, identity: str, inputs: Inputs) -> Live | None:
    found = _policy(context, identity)
    if found is None:
        return None
    told = from_api(found, _POLICY_NAMES, inputs)
    live = {key: told.get(key) for key in _POLICY_ASKED if key in told}
    alarms = [each["AlarmARN"] for each in found.get("Alarms", [])]
    return {**live, "arn": found["PolicyARN"], "alarmArns": alarms}


def _delete_policy(context: Context, identity: str, _state: State) -> None:
    place, _, name = identity.rpartition("/")
    members = dict(zip(("ServiceNamespace", "ResourceId", "ScalableDimension"), _parts(place), strict=True))
    context.call(_SERVICE, "delete_scaling_policy", PolicyName=name, **members)


_POLICY = Kind(
    type="aws:appautoscaling/policy:Policy",
    inputs=_POLICY_ASKED,
    stored_only=words("predictiveScalingPolicyConfiguration"),
    computed=words("arn alarmArns"),
    replaces=frozenset(_PLACE) | {"name"},
    defaults={"policyType": "StepScaling"},
    name="name",
    create=_create_policy,
    settle=_settle_policy,
    read=_read_policy,
    delete=_delete_policy,
)

KINDS = (_TARGET, _POLICY)
