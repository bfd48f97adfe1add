"""SNS: topics, who may publish to them, and who hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from tideform.resources.actions import actions
from tideform.resources.base import PartOf, ResourceType
from tideform.resources.costs import FREE, by_use
from tideform.resources.identity import Inputs, arn, named
from tideform.resources.inventory import Area, Leftover, Place, tags_of

if TYPE_CHECKING:
    from tideform.cloud import Cloud

_TOPIC = "aws:sns/topic:Topic"


def subscription(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The subscription of this endpoint to this topic.

    An e-mail's has no ARN until its reader confirms it, so it is asked for once more: SNS keeps one that waits, and
    drops it after two days. https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html
    """
    sns = cloud.client("sns")
    for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=inputs["topic"]):
        for found in page["Subscriptions"]:
            same = (found["Protocol"], found["Endpoint"]) == (inputs["protocol"], inputs["endpoint"])
            if same and found["SubscriptionArn"].startswith("arn:"):
                yield str(found["SubscriptionArn"])


def topics(place: Place) -> Iterator[Leftover]:
    """SNS topics."""
    for found in place.pages("sns", "list_topics", "Topics"):
        topic = found["TopicArn"]
        name = topic.rpartition(":")[2]
        yield from place.claim(Leftover("sns", "topic", name), name, partial(_topic_tags, place, topic))


def _topic_tags(place: Place, topic: str) -> dict[str, str]:
    return tags_of(place.cloud.client("sns").list_tags_for_resource(ResourceArn=topic))


TYPES = (
    ResourceType(
        _TOPIC,
        terraform="aws_sns_topic",
        identify=arn("sns"),
        cost=by_use("notifications"),
        inventory=Area("SNS topics", topics),
        actions=actions(
            "sns",
            create="CreateTopic SetTopicAttributes",
            read="GetTopicAttributes ListTagsForResource",
            update="SetTopicAttributes",
            delete="DeleteTopic",
            tag="TagResource UntagResource",
            search="ListTopics",
        ),
    ),
    ResourceType(
        "aws:sns/topicPolicy:TopicPolicy",
        terraform="aws_sns_topic_policy",
        identify=named("arn"),
        cost=FREE,
        inventory=PartOf(_TOPIC),
        actions=actions(
            "sns",
            create="SetTopicAttributes",
            read="GetTopicAttributes",
            update="SetTopicAttributes",
            delete="SetTopicAttributes",
        ),
    ),
    ResourceType(
        "aws:sns/topicSubscription:TopicSubscription",
        terraform="aws_sns_topic_subscription",
        identify=subscription,
        cost=FREE,
        inventory=PartOf(_TOPIC),
        actions=actions(
            "sns",
            create="Subscribe",
            read="GetSubscriptionAttributes ListSubscriptionsByTopic",
            update="SetSubscriptionAttributes",
            delete="Unsubscribe",
        ),
    ),
)
