"""What watches: alarms, dashboards, topics, trails and budgets, by name."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.burst.inventory.base import Area, Leftover, Place


def alarms(place: Place) -> Iterator[Leftover]:
    """CloudWatch alarms; one on an endpoint is named by application autoscaling after its target."""
    price = place.prices.services["cloudwatch:alarm"].hourly
    own, scaling = place.prefix, f"TargetTracking-endpoint/{place.prefix}"
    for prefix in (own, scaling):
        for found in place.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=prefix):
            if place.ours(found["AlarmName"].removeprefix("TargetTracking-endpoint/").partition("/")[0]):
                yield Leftover("cloudwatch", "alarm", found["AlarmName"], hourly_usd=price)


def dashboards(place: Place) -> Iterator[Leftover]:
    """CloudWatch dashboards."""
    price = place.prices.services["cloudwatch:dashboard"].hourly
    entries = place.pages("cloudwatch", "list_dashboards", "DashboardEntries", DashboardNamePrefix=place.prefix)
    for found in entries:
        yield Leftover("cloudwatch", "dashboard", found["DashboardName"], hourly_usd=price)


def topics(place: Place) -> Iterator[Leftover]:
    """SNS topics."""
    for found in place.pages("sns", "list_topics", "Topics"):
        name = found["TopicArn"].rpartition(":")[2]
        if place.ours(name):
            yield Leftover("sns", "topic", name)


def trails(place: Place) -> Iterator[Leftover]:
    """CloudTrail trails."""
    for found in place.cloud.client("cloudtrail").describe_trails(includeShadowTrails=False)["trailList"]:
        if place.ours(found["Name"]):
            yield Leftover("cloudtrail", "trail", found["Name"])


def budgets(place: Place) -> Iterator[Leftover]:
    """Budgets."""
    found = place.pages("budgets", "describe_budgets", "Budgets", AccountId=place.cloud.account)
    for budget in found:
        if place.ours(budget["BudgetName"]):
            yield Leftover("budgets", "budget", budget["BudgetName"])


AREAS = (
    Area("CloudWatch alarms", alarms),
    Area("CloudWatch dashboards", dashboards),
    Area("SNS topics", topics),
    Area("CloudTrail trails", trails),
    Area("budgets", budgets),
)
