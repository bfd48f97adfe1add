"""EventBridge: rules and their targets. Pulumi's tokens count them to CloudWatch."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from tideform.resources.actions import actions
from tideform.resources.base import PartOf, ResourceType, Taken
from tideform.resources.costs import FREE
from tideform.resources.identity import named, text
from tideform.resources.inventory import Area, Leftover, Place, Tags, tags_of
from tideform.resources.ownership import pointing

if TYPE_CHECKING:
    from tideform.cloud import Cloud

_RULE = "aws:cloudwatch/eventRule:EventRule"


def rules(place: Place) -> Iterator[Leftover]:
    """EventBridge rules; they cost nothing."""
    for found in place.pages("events", "list_rules", "Rules", NamePrefix=place.prefix):
        tags = partial(_rule_tags, place.cloud, found["Arn"])
        yield from place.claim(Leftover("events", "rule", found["Name"]), found["Name"], tags)


def _rule_tags(cloud: Cloud, arn: str) -> dict[str, str]:
    return tags_of(cloud.client("events").list_tags_for_resource(ResourceARN=arn))


def _taken_by(cloud: Cloud, name: str) -> Tags:
    """A second one of the name would update it.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
    """
    return _rule_tags(cloud, cloud.client("events").describe_rule(Name=name)["Arn"])


TYPES = (
    ResourceType(
        _RULE,
        terraform="aws_cloudwatch_event_rule",
        identify=named("name"),
        cost=FREE,
        inventory=Area("EventBridge rules", rules),
        actions=actions(
            "events",
            create="PutRule",
            read="DescribeRule ListTagsForResource",
            update="PutRule EnableRule DisableRule",
            delete="DeleteRule ListTargetsByRule",
            tag="TagResource UntagResource",
            search="ListRules",
        ),
        in_units=True,
        taken=Taken("name", _taken_by),
    ),
    ResourceType(
        "aws:cloudwatch/eventTarget:EventTarget",
        terraform="aws_cloudwatch_event_target",
        identify=text("{rule}-{targetId}"),
        cost=FREE,
        inventory=PartOf(_RULE),
        actions=actions(
            "events",
            create="PutTargets",
            read="ListTargetsByRule",
            update="PutTargets",
            delete="RemoveTargets",
            passes=("events",),
        ),
        ours=pointing("arn"),
        marked=True,
    ),
)
