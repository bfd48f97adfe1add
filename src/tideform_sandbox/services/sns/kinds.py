"""SNS topics, their policies and subscriptions."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal

_TAGGER = tagging.Tagger("sns", "ResourceArn")
_TOPIC_ATTRIBUTES = {
    "displayName": "DisplayName",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
    "deliveryPolicy": "DeliveryPolicy",
    "signatureVersion": "SignatureVersion",
    "tracingConfig": "TracingConfig",
}
_DEFAULT_STATEMENT = "__default_statement_ID"  # how SNS calls the statement of a policy that nobody wrote
_FIFO = {"fifoTopic": "FifoTopic", "contentBasedDeduplication": "ContentBasedDeduplication"}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _create_topic(context: Context, inputs: Inputs) -> str:
    """SNS answers with the topic that exists; the provider does not adopt, so it looks first."""
    arn = f"arn:aws:sns:{context.region}:{context.account}:{inputs['name']}"
    if any(each["TopicArn"] == arn for each in context.pages("sns", "list_topics", "Topics")):
        raise Refusal("TopicAlreadyExists", f"a topic named {inputs['name']} exists already")
    attributes = {member: _text(inputs[key]) for key, member in _FIFO.items() if inputs.get(key)}
    tags = tagging.as_pairs(inputs.get("tags"))
    made = context.call("sns", "create_topic", Name=inputs["name"], Attributes=attributes, Tags=tags)
    return str(made["TopicArn"])


def _settle_topic(context: Context, arn: str, old: Inputs, new: Inputs) -> None:
    for key, member in _TOPIC_ATTRIBUTES.items():
        if new.get(key) != old.get(key) and (new.get(key) or key != "policy"):
            value = _text(new.get(key) or "")
            context.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName=member, AttributeValue=value)
    _TAGGER.settle(context, arn, old, new)


def _read_topic(context: Context, arn: str, _inputs: Inputs) -> Live | None:
    found = context.call("sns", "get_topic_attributes", TopicArn=arn)["Attributes"]
    told = {key: found[member] for key, member in (_TOPIC_ATTRIBUTES | _FIFO).items() if member in found}
    return {
        **{key: value for key, value in told.items() if key != "deliveryPolicy"},
        "name": arn.rsplit(":", 1)[-1],
        "arn": arn,
        "owner": found.get("Owner", context.account),
        "tags": tagging.as_tags(context.call("sns", "list_tags_for_resource", ResourceArn=arn)["Tags"]),
    }


def _delete_topic(context: Context, arn: str, _state: State) -> None:
    context.call("sns", "delete_topic", TopicArn=arn)


_TOPIC = Kind(
    type="aws:sns/topic:Topic",
    inputs=frozenset(_TOPIC_ATTRIBUTES) | frozenset(_FIFO) | words("name tags"),
    stored_only=words("archivePolicy fifoThroughputScope maximumMessageSize"),
    computed=words("arn owner policy tagsAll"),
    replaces=words("name fifoTopic"),
    name="name",
    create=_create_topic,
    settle=_settle_topic,
    read=_read_topic,
    delete=_delete_topic,
)


def _put_policy(context: Context, arn: str, policy: str) -> None:
    context.call("sns", "set_topic_attributes", TopicArn=arn, AttributeName="Policy", AttributeValue=policy)


def _create_policy(context: Context, inputs: Inputs) -> str:
    """Every topic has a policy from the start; one that somebody put there is not written over."""
    live = _read_policy(context, inputs["arn"], inputs)
    if live is not None and _DEFAULT_STATEMENT not in live["policy"]:
        raise Refusal("PolicyAlreadyExists", f"topic {inputs['arn']} has a policy of its own already")
    _put_policy(context, inputs["arn"], inputs["policy"])
    return str(inputs["arn"])


def _settle_policy(context: Context, arn: str, old: Inputs, new: Inputs) -> None:
    if old:
        _put_policy(context, arn, new["policy"])


def _read_policy(context: Context, arn: str, _inputs: Inputs) -> Live | None:
    found = context.call("sns", "get_topic_attributes", TopicArn=arn)["Attributes"]
    return {"arn": arn, "owner": found.get("Owner", context.account), "policy": found["Policy"]}


def _reset_policy(context: Context, arn: str, _state: State) -> None:
    """A topic always has a policy; what stays is the one that lets its owner use it, as the vendor leaves it."""
    import json

    statement = {
        "Sid": _DEFAULT_STATEMENT,
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:Subscribe", "SNS:Publish"],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": context.account}},
    }
    _put_policy(context, arn, json.dumps({"Version": "2008-10-17", "Statement": [statement]}))


_TOPIC_POLICY = Kind(
    type="aws:sns/topicPolicy:TopicPolicy",
    inputs=words("arn policy"),
    computed=words("owner"),
    replaces=words("arn"),
    create=_create_policy,
    settle=_settle_policy,
    read=_read_policy,
    delete=_reset_policy,
)

_SUBSCRIPTION_ATTRIBUTES = {
    "deliveryPolicy": "DeliveryPolicy",
    "filterPolicy": "FilterPolicy",
    "filterPolicyScope": "FilterPolicyScope",
    "rawMessageDelivery": "RawMessageDelivery",
    "redrivePolicy": "RedrivePolicy",
    "subscriptionRoleArn": "SubscriptionRoleArn",
}


def _create_subscription(context: Context, inputs: Inputs) -> str:
    """SNS answers with the subscription that exists; the provider does not adopt, so it looks first.

    One that waits for its reader is asked for again, as on AWS: it stays the same one.
    """
    listed = context.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=inputs["topic"])
    there = [(each["Protocol"], each["Endpoint"]) for each in listed if each["SubscriptionArn"].startswith("arn:")]
    if (inputs["protocol"], inputs["endpoint"]) in there:
        raise Refusal("SubscriptionAlreadyExists", f"{inputs['endpoint']} is subscribed to {inputs['topic']} already")
    named = _SUBSCRIPTION_ATTRIBUTES.items()
    made = context.call(
        "sns",
        "subscribe",
        TopicArn=inputs["topic"],
        Protocol=inputs["protocol"],
        Endpoint=inputs["endpoint"],
        Attributes={member: _text(inputs[key]) for key, member in named if inputs.get(key)},
        ReturnSubscriptionArn=True,
    )
    return str(made["SubscriptionArn"])


def _settle_subscription(context: Context, arn: str, old: Inputs, new: Inputs) -> None:
    for key, member in _SUBSCRIPTION_ATTRIBUTES.items() if old else ():
        if new.get(key) != old.get(key):
            attribute = {"AttributeName": member, "AttributeValue": _text(new.get(key) or "")}
            context.call("sns", "set_subscription_attributes", SubscriptionArn=arn, **attribute)


def _read_subscription(context: Context, arn: str, _inputs: Inputs) -> Live | None:
    found = context.call("sns", "get_subscription_attributes", SubscriptionArn=arn)["Attributes"]
    named = _SUBSCRIPTION_ATTRIBUTES.items()
    return {
        **{key: found[member] for key, member in named if member in found and key != "deliveryPolicy"},
        "arn": arn,
        "topic": found["TopicArn"],
        "protocol": found["Protocol"],
        "endpoint": found["Endpoint"],
        "ownerId": found.get("Owner", context.account),
        "pendingConfirmation": found.get("PendingConfirmation", "false") == "true",
        "confirmationWasAuthenticated": found.get("ConfirmationWasAuthenticated", "false") == "true",
    }


def _delete_subscription(context: Context, arn: str, _state: State) -> None:
    context.call("sns", "unsubscribe", SubscriptionArn=arn)


_SUBSCRIPTION = Kind(
    type="aws:sns/topicSubscription:TopicSubscription",
    inputs=frozenset(_SUBSCRIPTION_ATTRIBUTES) | words("topic protocol endpoint"),
    stored_only=words("confirmationTimeoutInMinutes endpointAutoConfirms replayPolicy"),
    computed=words("arn ownerId pendingConfirmation confirmationWasAuthenticated"),
    replaces=words("topic protocol endpoint"),
    create=_create_subscription,
    settle=_settle_subscription,
    read=_read_subscription,
    delete=_delete_subscription,
)

KINDS = (_TOPIC, _TOPIC_POLICY, _SUBSCRIPTION)
