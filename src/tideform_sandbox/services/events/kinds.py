"""EventBridge rules and their targets, which the vendor files under CloudWatch."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.aws.shapes import from_api

_TAGGER = tagging.Tagger("events", "ResourceARN")
_RULE_ASKED = words("name description eventBusName eventPattern roleArn scheduleExpression state")


def _create_rule(context: Context, inputs: Inputs) -> str:
    """EventBridge writes over a rule of that name; the provider does not adopt, so it looks first."""
    if any(each["Name"] == inputs["name"] for each in _rules(context, inputs)):
        raise Refusal("ResourceAlreadyExistsException", f"a rule named {inputs['name']} exists already")
    _put_rule(context, inputs, Tags=tagging.as_pairs(inputs.get("tags")))
    bus = inputs.get("eventBusName", "default")
    return str(inputs["name"]) if bus == "default" else f"{bus}/{inputs['name']}"


def _rules(context: Context, inputs: Inputs) -> list[dict[str, Any]]:
    bus = inputs.get("eventBusName", "default")
    members = {"NamePrefix": inputs["name"], "EventBusName": bus}
    found: list[dict[str, Any]] = context.call("events", "list_rules", **members)["Rules"]
    return found


def _put_rule(context: Context, inputs: Inputs, **members: Any) -> None:
    asked = {key: inputs[key] for key in _RULE_ASKED if inputs.get(key)}
    context.send("events", "put_rule", asked, **members)


def _place(identity: str) -> dict[str, str]:
    bus, _, name = identity.rpartition("/")
    return {"Name": name, **({"EventBusName": bus} if bus else {})}


def _settle_rule(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    if old:
        _put_rule(context, new)
        arn = context.call("events", "describe_rule", **_place(identity))["Arn"]
        _TAGGER.settle(context, arn, old, new)


def _read_rule(context: Context, identity: str, inputs: Inputs) -> Live | None:
    found = context.call("events", "describe_rule", **_place(identity))
    told = from_api(found, {}, inputs)
    return {
        **{key: told.get(key) for key in _RULE_ASKED},
        "arn": found["Arn"],
        "tags": tagging.as_tags(context.call("events", "list_tags_for_resource", ResourceARN=found["Arn"])["Tags"]),
    }


def _delete_rule(context: Context, identity: str, _state: State) -> None:
    context.call("events", "delete_rule", **_place(identity))


_EVENT_RULE = Kind(
    type="aws:cloudwatch/eventRule:EventRule",
    inputs=_RULE_ASKED | {"tags"},
    stored_only=words("forceDestroy"),
    computed=words("arn tagsAll"),
    replaces=words("name eventBusName"),
    defaults={"state": "ENABLED", "eventBusName": "default"},
    name="name",
    create=_create_rule,
    settle=_settle_rule,
    read=_read_rule,
    delete=_delete_rule,
)

_TARGET_ASKED = words("arn roleArn input inputPath deadLetterConfig retryPolicy batchTarget sqsTarget inputTransformer")
_TARGET_NAMES = {
    "targetId": "Id",
    "batchTarget": "BatchParameters",
    "sqsTarget": "SqsParameters",
    "inputPaths": "InputPathsMap",
    "jobAttempts": "Attempts",
}


def _create_target(context: Context, inputs: Inputs) -> str:
    """EventBridge writes over a target of that id; the provider does not adopt, so it looks first."""
    identity = f"{inputs['rule']}-{inputs['targetId']}"
    if _read_target(context, identity, inputs) is not None:
        raise Refusal("ResourceAlreadyExistsException", f"rule {inputs['rule']} has a target {inputs['targetId']}")
    _put_target(context, inputs)
    return identity


def _put_target(context: Context, inputs: Inputs) -> None:
    target = {key: inputs[key] for key in _TARGET_ASKED | {"targetId"} if inputs.get(key)}
    answer = context.send("events", "put_targets", {"targets": [target]}, _TARGET_NAMES, Rule=inputs["rule"])
    for failure in answer.get("FailedEntries", []):
        raise Refusal(failure["ErrorCode"], failure["ErrorMessage"])


def _settle_target(context: Context, _identity: str, old: Inputs, new: Inputs) -> None:
    if old:
        _put_target(context, new)


def _read_target(context: Context, identity: str, inputs: Inputs) -> Live | None:
    """The vendor's id is ``RULE-TARGET``, which cannot be taken apart; an import is by ``RULE/TARGET``."""
    rule, target = (inputs["rule"], inputs["targetId"]) if inputs else identity.rsplit("/", 1)
    targets = context.call("events", "list_targets_by_rule", Rule=rule)["Targets"]
    found = next((each for each in targets if each["Id"] == target), None)
    if found is None:
        return None
    told = from_api(found, _TARGET_NAMES, inputs)
    return {**{key: told.get(key) for key in _TARGET_ASKED}, "rule": rule, "targetId": target}


def _delete_target(context: Context, _identity: str, state: State) -> None:
    context.call("events", "remove_targets", Rule=state["rule"], Ids=[state["targetId"]])


_EVENT_TARGET = Kind(
    type="aws:cloudwatch/eventTarget:EventTarget",
    inputs=_TARGET_ASKED | words("rule targetId"),
    stored_only=words("forceDestroy"),
    replaces=words("rule targetId"),
    name="targetId",
    create=_create_target,
    settle=_settle_target,
    read=_read_target,
    delete=_delete_target,
)

KINDS = (_EVENT_RULE, _EVENT_TARGET)
