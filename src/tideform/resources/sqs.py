"""SQS: queues, and who may send to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tideform.resources.actions import actions
from tideform.resources.base import PartOf, ResourceType
from tideform.resources.costs import FREE, by_use
from tideform.resources.identity import Inputs, named
from tideform.resources.inventory import Area, Leftover, Place

if TYPE_CHECKING:
    from tideform.cloud import Cloud

_QUEUE = "aws:sqs/queue:Queue"


def queue(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The queue's address, which only SQS knows."""
    for url in cloud.client("sqs").list_queues(QueueNamePrefix=inputs["name"]).get("QueueUrls", ()):
        if str(url).rpartition("/")[2] == inputs["name"]:
            yield str(url)


def queues(place: Place) -> Iterator[Leftover]:
    """Queues of ours; they cost by use."""
    sqs = place.cloud.client("sqs")
    for url in place.pages("sqs", "list_queues", "QueueUrls", QueueNamePrefix=place.prefix):
        name = str(url).rpartition("/")[2]
        tags = sqs.list_queue_tags(QueueUrl=url).get("Tags") or {}
        yield from place.claim(Leftover("sqs", "queue", name), name, tags)


TYPES = (
    ResourceType(
        _QUEUE,
        terraform="aws_sqs_queue",
        identify=queue,
        cost=by_use("messages"),
        inventory=Area("SQS queues", queues),
        actions=actions(
            "sqs",
            create="CreateQueue",
            read="GetQueueUrl GetQueueAttributes ListQueueTags",
            update="SetQueueAttributes",
            delete="DeleteQueue",
            tag="TagQueue UntagQueue",
            search="ListQueues",
        ),
    ),
    ResourceType(
        "aws:sqs/queuePolicy:QueuePolicy",
        terraform="aws_sqs_queue_policy",
        identify=named("queueUrl"),
        cost=FREE,
        inventory=PartOf(_QUEUE),
        actions=actions(
            "sqs",
            create="SetQueueAttributes",
            read="GetQueueAttributes",
            update="SetQueueAttributes",
            delete="SetQueueAttributes",
        ),
    ),
)
