"""SQS queues and their policies."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.aws.tagging import Tagger

_TAGGER = Tagger("sqs", "QueueUrl", tag="tag_queue", untag="untag_queue", as_map=True)
_ATTRIBUTES = {
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "delaySeconds": "DelaySeconds",
    "maxMessageSize": "MaximumMessageSize",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
}


def _create(context: Context, inputs: Inputs) -> str:
    """SQS answers with the queue that exists; the provider does not adopt, so it looks first."""
    found = context.call("sqs", "list_queues", QueueNamePrefix=inputs["name"]).get("QueueUrls", [])
    if any(str(url).rpartition("/")[2] == inputs["name"] for url in found):
        raise Refusal("QueueAlreadyExists", f"a queue named {inputs['name']} exists already")
    tags = dict(inputs.get("tags") or {})
    made = context.call("sqs", "create_queue", QueueName=inputs["name"], Attributes=_attributes(inputs), tags=tags)
    return str(made["QueueUrl"])


def _settle(context: Context, url: str, old: Inputs, new: Inputs) -> None:
    if old and (changed := {k: v for k, v in _attributes(new).items() if _attributes(old).get(k) != v}):
        context.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes=changed)
    _TAGGER.settle(context, url, old, new)


def _read(context: Context, url: str, _inputs: Inputs) -> Live | None:
    found = context.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return {
        **{key: found[member] for key, member in _ATTRIBUTES.items() if member in found},
        "name": url.rpartition("/")[2],
        "arn": found["QueueArn"],
        "url": url,
        "tags": context.call("sqs", "list_queue_tags", QueueUrl=url).get("Tags", {}),
    }


def _delete(context: Context, url: str, _state: State) -> None:
    context.call("sqs", "delete_queue", QueueUrl=url)


def _attributes(inputs: Inputs) -> dict[str, str]:
    return {member: _text(inputs[key]) for key, member in _ATTRIBUTES.items() if inputs.get(key) is not None}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _put_policy(context: Context, url: str, policy: str) -> None:
    context.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes={"Policy": policy})


def _create_policy(context: Context, inputs: Inputs) -> str:
    """A policy that somebody put there is not written over."""
    if _read_policy(context, inputs["queueUrl"], inputs) is not None:
        raise Refusal("PolicyAlreadyExists", f"queue {inputs['queueUrl']} has a policy of its own already")
    _put_policy(context, inputs["queueUrl"], inputs["policy"])
    return str(inputs["queueUrl"])


def _settle_policy(context: Context, url: str, old: Inputs, new: Inputs) -> None:
    if old:
        _put_policy(context, url, new["policy"])


def _read_policy(context: Context, url: str, _inputs: Inputs) -> Live | None:
    found = context.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})
    return {"queueUrl": url, "policy": found["Policy"]} if found.get("Policy") else None


def _delete_policy(context: Context, url: str, _state: State) -> None:
    _put_policy(context, url, "")


KINDS = (
    Kind(
        type="aws:sqs/queue:Queue",
        inputs=frozenset(_ATTRIBUTES) | words("name tags"),
        computed=words("arn url tagsAll"),
        replaces=words("name"),
        name="name",
        create=_create,
        settle=_settle,
        read=_read,
        delete=_delete,
    ),
    Kind(
        type="aws:sqs/queuePolicy:QueuePolicy",
        inputs=words("queueUrl policy"),
        replaces=words("queueUrl"),
        create=_create_policy,
        settle=_settle_policy,
        read=_read_policy,
        delete=_delete_policy,
    ),
)
