"""Application Auto Scaling: tags of scalable targets, and the target's ARN where targets are described.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TagResource.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse

from tideform_sandbox.extension.nouns import Store
from tideform_sandbox.extension.request import AwsError, parameters, put

_RESPONSE = ApplicationAutoScalingResponse


def install(_: Store) -> None:
    """Extend moto's Application Auto Scaling."""
    for operation in (tag_resource, untag_resource, list_tags_for_resource):
        put(_RESPONSE, operation.__name__, _method(operation))
    register, describe = _RESPONSE.register_scalable_target, _RESPONSE.describe_scalable_targets

    def register_scalable_target(self: Any) -> Any:
        answered = register(self)
        if tags := parameters(self).get("Tags"):
            _target(self, json.loads(answered)["ScalableTargetARN"]).tags = dict(tags)
        return answered

    def describe_scalable_targets(self: Any) -> str:
        told = json.loads(describe(self))
        for target in told["ScalableTargets"]:
            target["ScalableTargetARN"] = _arn(self, target)
        return json.dumps(told)

    put(_RESPONSE, "register_scalable_target", register_scalable_target)
    put(_RESPONSE, "describe_scalable_targets", describe_scalable_targets)


def tag_resource(target: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Add or replace tags."""
    target.tags = {**_tags(target), **given["Tags"]}
    return {}


def untag_resource(target: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Take tags away."""
    target.tags = {key: value for key, value in _tags(target).items() if key not in given["TagKeys"]}
    return {}


def list_tags_for_resource(target: Any, _given: dict[str, Any]) -> dict[str, Any]:
    """The target's tags."""
    return {"Tags": _tags(target)}


def _method(operation: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> Callable[[Any], str]:
    def answer(self: Any) -> str:
        given = parameters(self)
        return json.dumps(operation(_target(self, given["ResourceARN"]), given))

    return answer


def _targets(response: Any) -> list[Any]:
    backend = response.applicationautoscaling_backend
    return [target for by_resource in backend.targets.values() for target in by_resource.values()]


def _target(response: Any, arn: str) -> Any:
    for target in _targets(response):
        if target.arn == arn:
            return target
    raise AwsError("ResourceNotFoundException", f"The specified resource {arn} doesn't exist.")


def _arn(response: Any, told: dict[str, Any]) -> str:
    place = (told["ResourceId"], told["ScalableDimension"])
    return next(str(t.arn) for t in _targets(response) if (t.resource_id, t.scalable_dimension) == place)


def _tags(target: Any) -> dict[str, str]:
    found: dict[str, str] = getattr(target, "tags", {})
    return found
