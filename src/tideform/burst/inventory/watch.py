"""What watches: alarms, dashboards, rules, topics, trails and budgets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tideform.burst.inventory.base import Area, Leftover, Place, pairs, tags_of
from tideform.components.scope import Scope

_SCALING = "TargetTracking-endpoint/"  # how application autoscaling calls the alarms that it makes


def alarms(place: Place) -> Iterator[Leftover]:
    """CloudWatch alarms of ours."""
    price = place.prices.services["cloudwatch:alarm"].hourly
    for found in place.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=place.prefix):
        name = found["AlarmName"]
        tags = partial(_alarm_tags, place, found["AlarmArn"])
        yield from place.claim(Leftover("cloudwatch", "alarm", name, hourly_usd=price), name, tags)


def _alarm_tags(place: Place, arn: str) -> dict[str, str]:
    return tags_of(place.cloud.client("cloudwatch").list_tags_for_resource(ResourceARN=arn))


def scaling_alarms(place: Place) -> Iterator[Leftover]:
    """Those that application autoscaling made: without tags, with the endpoint in the name."""
    price = place.prices.services["cloudwatch:alarm"].hourly
    for endpoint in sorted(place.endpoints()):
        start = f"{_SCALING}{endpoint}/"
        for found in place.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=start):
            yield Leftover("cloudwatch", "alarm", found["AlarmName"], hourly_usd=price)


def dashboards(place: Place) -> Iterator[Leftover]:
    """CloudWatch dashboards: they take no tags, so ours is the one of exactly our name."""
    price = place.prices.services["cloudwatch:dashboard"].hourly
    ours = place.deployment.physical_name("overview", limit=255)
    for found in place.pages("cloudwatch", "list_dashboards", "DashboardEntries", DashboardNamePrefix=ours):
        if found["DashboardName"] == ours:
            yield Leftover("cloudwatch", "dashboard", ours, hourly_usd=price)


def rules(place: Place) -> Iterator[Leftover]:
    """EventBridge rules; they cost nothing."""
    for found in place.pages("events", "list_rules", "Rules", NamePrefix=place.prefix):
        tags = partial(_rule_tags, place, found["Arn"])
        yield from place.claim(Leftover("events", "rule", found["Name"]), found["Name"], tags)


def _rule_tags(place: Place, arn: str) -> dict[str, str]:
    return tags_of(place.cloud.client("events").list_tags_for_resource(ResourceARN=arn))


def topics(place: Place) -> Iterator[Leftover]:
    """SNS topics."""
    for found in place.pages("sns", "list_topics", "Topics"):
        arn = found["TopicArn"]
        name = arn.rpartition(":")[2]
        yield from place.claim(Leftover("sns", "topic", name), name, partial(_topic_tags, place, arn))


def _topic_tags(place: Place, arn: str) -> dict[str, str]:
    return tags_of(place.cloud.client("sns").list_tags_for_resource(ResourceArn=arn))


def trails(place: Place) -> Iterator[Leftover]:
    """CloudTrail trails of this region."""
    for found in place.cloud.client("cloudtrail").describe_trails(includeShadowTrails=False)["trailList"]:
        name, tags = found["Name"], partial(_trail_tags, place, found["TrailARN"])
        yield from place.claim(Leftover("cloudtrail", "trail", name), name, tags)


def _trail_tags(place: Place, arn: str) -> dict[str, str]:
    found = place.pages("cloudtrail", "list_tags", "ResourceTagList", ResourceIdList=[arn])
    return pairs(tag for resource in found for tag in resource["TagsList"])


def budgets(place: Place) -> Iterator[Leftover]:
    """Budgets."""
    for found in place.pages("budgets", "describe_budgets", "Budgets", AccountId=place.cloud.account):
        name = found["BudgetName"]
        yield from place.claim(Leftover("budgets", "budget", name), name, partial(_budget_tags, place, name))


def _budget_tags(place: Place, name: str) -> dict[str, str]:
    arn = f"arn:{Scope(place.deployment, 'monitoring').partition}:budgets::{place.cloud.account}:budget/{name}"
    return tags_of(place.cloud.client("budgets").list_tags_for_resource(ResourceARN=arn), "ResourceTags")


AREAS = (
    Area("CloudWatch alarms", alarms),
    Area("CloudWatch alarms of autoscaling", scaling_alarms),
    Area("CloudWatch dashboards", dashboards),
    Area("EventBridge rules", rules),
    Area("SNS topics", topics),
    Area("CloudTrail trails", trails),
    Area("budgets", budgets),
)
