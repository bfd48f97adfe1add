"""Batch compute environments, job queues and job definitions."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.compare import covers
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.shapes import from_api

_TAGGER = tagging.Tagger("batch", "resourceArn", tags="tags", keys="tagKeys", as_map=True)
_ENVIRONMENT_NAMES = {
    "name": "computeEnvironmentName",
    "minVcpus": "minvCpus",
    "maxVcpus": "maxvCpus",
    "desiredVcpus": "desiredvCpus",
    "ec2Configurations": "ec2Configuration",
}
_ENVIRONMENT_ASKED = words("name type state serviceRole computeResources tags eksConfiguration")


def _create_environment(context: Context, inputs: Inputs) -> str:
    asked = {key: inputs[key] for key in _ENVIRONMENT_ASKED if inputs.get(key)}
    made = context.send("batch", "create_compute_environment", asked, _ENVIRONMENT_NAMES)
    return str(made["computeEnvironmentName"])


def _settle_environment(context: Context, name: str, old: Inputs, new: Inputs) -> None:
    if not old:
        return
    changed = {key for key in ("state", "serviceRole", "computeResources") if old.get(key) != new.get(key)}
    asked = {key: new[key] for key in changed if new.get(key)}
    if "computeResources" in asked:  # its type is not for updates
        asked["computeResources"] = {k: v for k, v in new["computeResources"].items() if k != "type"}
    if asked:
        environment = {"computeEnvironment": name}
        context.send("batch", "update_compute_environment", asked, _ENVIRONMENT_NAMES, **environment)
    _TAGGER.settle(context, _environment_arn(context, name), old, new)


def _environment_arn(context: Context, name: str) -> str:
    return f"arn:aws:batch:{context.region}:{context.account}:compute-environment/{name}"


def _environment(context: Context, name: str) -> dict[str, Any] | None:
    members = {"computeEnvironments": [name]}
    found = context.call("batch", "describe_compute_environments", **members)["computeEnvironments"]
    return next((each for each in found if each.get("status") != "DELETED"), None)


def _read_environment(context: Context, name: str, inputs: Inputs) -> Live | None:
    found = _environment(context, name)
    if found is None:
        return None
    resources = from_api(found.get("computeResources", {}), _ENVIRONMENT_NAMES, inputs.get("computeResources"))
    return {
        "arn": found["computeEnvironmentArn"],
        "ecsClusterArn": found.get("ecsClusterArn", ""),
        "name": name,
        "type": found["type"],
        "state": found["state"],
        "status": found["status"],
        "statusReason": found.get("statusReason", ""),
        "serviceRole": found.get("serviceRole"),
        "computeResources": resources,
        "tags": found.get("tags", {}),
    }


def _delete_environment(context: Context, name: str, _state: State) -> None:
    """Batch deletes only what is disabled."""
    if _environment(context, name) is not None:
        context.call("batch", "update_compute_environment", computeEnvironment=name, state="DISABLED")
        context.call("batch", "delete_compute_environment", computeEnvironment=name)


# Compute environments with a service role of their own and no update policy are replaced for most changes of their
# resources; how many CPUs they may have, and the state, change in place.
# https://docs.aws.amazon.com/batch/latest/userguide/updating-compute-environments.html
_FIXED_RESOURCES = words(
    "computeResources.type computeResources.allocationStrategy computeResources.bidPercentage "
    "computeResources.ec2Configurations computeResources.ec2KeyPair computeResources.imageId "
    "computeResources.instanceRole computeResources.instanceTypes computeResources.launchTemplate "
    "computeResources.placementGroup computeResources.spotIamFleetRole computeResources.tags"
)

_COMPUTE_ENVIRONMENT = Kind(
    type="aws:batch/computeEnvironment:ComputeEnvironment",
    inputs=_ENVIRONMENT_ASKED,
    stored_only=words("updatePolicy"),
    computed=words("arn ecsClusterArn status statusReason tagsAll"),
    replaces=words("name type eksConfiguration") | _FIXED_RESOURCES,
    defaults={"state": "ENABLED"},
    name="name",
    create=_create_environment,
    settle=_settle_environment,
    read=_read_environment,
    delete=_delete_environment,
)

_QUEUE_NAMES = {"name": "jobQueueName", "computeEnvironmentOrders": "computeEnvironmentOrder"}
_QUEUE_ASKED = words("name state priority computeEnvironmentOrders schedulingPolicyArn jobStateTimeLimitActions")


def _create_queue(context: Context, inputs: Inputs) -> str:
    asked = {key: inputs[key] for key in _QUEUE_ASKED | {"tags"} if inputs.get(key)}
    return str(context.send("batch", "create_job_queue", asked, _QUEUE_NAMES)["jobQueueArn"])


def _settle_queue(context: Context, arn: str, old: Inputs, new: Inputs) -> None:
    if not old:
        return
    changed = {key for key in _QUEUE_ASKED - {"name"} if old.get(key) != new.get(key)}
    if asked := {key: new[key] for key in changed if new.get(key) is not None}:
        context.send("batch", "update_job_queue", asked, _QUEUE_NAMES, jobQueue=arn)
    _TAGGER.settle(context, arn, old, new)


def _queue(context: Context, arn: str) -> dict[str, Any] | None:
    found = context.call("batch", "describe_job_queues", jobQueues=[arn])["jobQueues"]
    return next((each for each in found if each.get("status") != "DELETED"), None)


def _read_queue(context: Context, arn: str, inputs: Inputs) -> Live | None:
    found = _queue(context, arn)
    if found is None:
        return None
    told = from_api(found, _QUEUE_NAMES, inputs)
    live = {key: told.get(key) for key in _QUEUE_ASKED if key in told}
    return {**live, "arn": found["jobQueueArn"], "name": found["jobQueueName"], "tags": found.get("tags", {})}


def _delete_queue(context: Context, arn: str, _state: State) -> None:
    if _queue(context, arn) is not None:
        context.call("batch", "update_job_queue", jobQueue=arn, state="DISABLED")
        context.call("batch", "delete_job_queue", jobQueue=arn)


_JOB_QUEUE = Kind(
    type="aws:batch/jobQueue:JobQueue",
    inputs=_QUEUE_ASKED | {"tags"},
    computed=words("arn tagsAll"),
    replaces=words("name"),
    name="name",
    create=_create_queue,
    settle=_settle_queue,
    read=_read_queue,
    delete=_delete_queue,
)

_DEFINITION_NAMES = {
    "name": "jobDefinitionName",
    "attemptDurationSeconds": "attemptDurationSeconds",
    "evaluateOnExits": "evaluateOnExit",
}
_DEFINITION_ASKED = words(
    "name type containerProperties nodeProperties ecsProperties eksProperties parameters platformCapabilities "
    "propagateTags retryStrategy schedulingPriority tags timeout"
)
_DOCUMENTS = ("containerProperties", "nodeProperties", "ecsProperties")


def _register(context: Context, inputs: Inputs) -> str:
    """The first revision, or one more; documents of properties are in AWS's own words already."""
    import json

    plain = {key: inputs[key] for key in _DEFINITION_ASKED if inputs.get(key) and key not in _DOCUMENTS}
    documents = {key: json.loads(inputs[key]) for key in _DOCUMENTS if inputs.get(key)}
    made = context.send("batch", "register_job_definition", plain, _DEFINITION_NAMES, **documents)
    return str(made["jobDefinitionArn"])


def _settle_definition(context: Context, arn: str, old: Inputs, new: Inputs) -> None:
    """A change of anything but tags is a new revision; the last one goes unless it is to stay."""
    if not old:
        return
    if any(old.get(key) != new.get(key) for key in _DEFINITION_ASKED - {"tags"}):
        last = _latest(context, new["name"])
        _register(context, new)
        if new.get("deregisterOnNewRevision", True) and last is not None:
            context.call("batch", "deregister_job_definition", jobDefinition=last["jobDefinitionArn"])
        return
    _TAGGER.settle(context, arn, old, new)


def _latest(context: Context, name: str) -> dict[str, Any] | None:
    members = {"jobDefinitionName": name, "status": "ACTIVE"}
    found = context.call("batch", "describe_job_definitions", **members)["jobDefinitions"]
    return max(found, key=lambda each: int(each["revision"]), default=None)


def _read_definition(context: Context, arn: str, inputs: Inputs) -> Live | None:
    import json

    found = _latest(context, _definition_name(arn))
    if found is None:
        return None
    told = from_api(found, _DEFINITION_NAMES, inputs)
    live = {key: told.get(key) for key in _DEFINITION_ASKED if key in told and key not in _DOCUMENTS}
    documents = {key: json.dumps(_asked_part(inputs, key, found)) for key in _DOCUMENTS if found.get(key)}
    return {
        **live,
        **documents,
        **_retry(live, inputs),
        "arn": found["jobDefinitionArn"],
        "arnPrefix": found["jobDefinitionArn"].rsplit(":", 1)[0],
        "revision": int(found["revision"]),
        "name": found["jobDefinitionName"],
        "tags": found.get("tags", {}),
    }


def _retry(live: Live, inputs: Inputs) -> Live:
    """Batch writes a retry's action in small letters, however it was given; programs write it as the SDK has it."""
    if not inputs:
        return _in_capitals(live)
    asked = inputs.get("retryStrategy") or {}
    same_rules = covers(_in_small_letters(asked), _in_small_letters(live.get("retryStrategy")))
    return {"retryStrategy": asked} if asked and same_rules else {}


def _in_capitals(live: Live) -> Live:
    strategy = live.get("retryStrategy")
    if not strategy:
        return {}
    exits = [{**each, "action": str(each["action"]).upper()} for each in strategy.get("evaluateOnExits") or []]
    return {"retryStrategy": {**strategy, **({"evaluateOnExits": exits} if exits else {})}}


def _in_small_letters(value: Any) -> Any:
    import json

    return json.loads(json.dumps(value).lower())


def _definition_name(arn: str) -> str:
    return arn.split("/", 1)[-1].split(":")[0]


def _asked_part(inputs: Inputs, key: str, found: dict[str, Any]) -> dict[str, Any]:
    """The members that the program set; Batch adds empty ones and defaults."""
    import json

    live: dict[str, Any] = found[key]
    asked = json.loads(inputs[key]) if inputs.get(key) else {}
    return {name: value for name, value in live.items() if name in asked or value not in ([], {}, None, "", False)}


def _deregister(context: Context, arn: str, _state: State) -> None:
    members = {"jobDefinitionName": _definition_name(arn), "status": "ACTIVE"}
    for found in context.call("batch", "describe_job_definitions", **members)["jobDefinitions"]:
        context.call("batch", "deregister_job_definition", jobDefinition=found["jobDefinitionArn"])


_JOB_DEFINITION = Kind(
    type="aws:batch/jobDefinition:JobDefinition",
    inputs=_DEFINITION_ASKED | {"deregisterOnNewRevision"},
    computed=words("arn arnPrefix revision tagsAll"),
    volatile=words("arn revision"),
    replaces=words("name type"),
    defaults={"deregisterOnNewRevision": True},
    exact=words("tags parameters"),
    name="name",
    create=_register,
    settle=_settle_definition,
    read=_read_definition,
    delete=_deregister,
)

KINDS = (_COMPUTE_ENVIRONMENT, _JOB_QUEUE, _JOB_DEFINITION)
