"""CloudWatch: alarms and dashboards."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tideform.resources.actions import actions
from tideform.resources.base import ResourceType, Taken
from tideform.resources.costs import service
from tideform.resources.identity import named
from tideform.resources.inventory import Area, Leftover, Place, Tags, tags_of
from tideform.resources.ownership import parsed, same

if TYPE_CHECKING:
    from tideform.cloud import Cloud


def alarms(place: Place) -> Iterator[Leftover]:
    """CloudWatch alarms of ours."""
    price = place.prices.services["cloudwatch:alarm"].hourly
    for found in place.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=place.prefix):
        name = found["AlarmName"]
        tags = partial(_alarm_tags, place.cloud, found["AlarmArn"])
        yield from place.claim(Leftover("cloudwatch", "alarm", name, hourly_usd=price), name, tags)


def _alarm_tags(cloud: Cloud, arn: str) -> dict[str, str]:
    return tags_of(cloud.client("cloudwatch").list_tags_for_resource(ResourceARN=arn))


def _taken_by(cloud: Cloud, name: str) -> Tags | None:
    """A second one of the name would update it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    found = cloud.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return _alarm_tags(cloud, found[0]["AlarmArn"]) if found else None


def dashboards(place: Place) -> Iterator[Leftover]:
    """CloudWatch dashboards: they take no tags, so ours is the one of exactly our name."""
    price = place.prices.services["cloudwatch:dashboard"].hourly
    ours = place.deployment.physical_name("overview", limit=255)
    for found in place.pages("cloudwatch", "list_dashboards", "DashboardEntries", DashboardNamePrefix=ours):
        if found["DashboardName"] == ours:
            yield Leftover("cloudwatch", "dashboard", ours, hourly_usd=price)


def _is_our_dashboard(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> bool:
    """It says the same, or each graph is of something whose name begins as the wanted dashboard's does.

    So one of an older spec is ours, and one to which somebody has added what is not ours is left to them.
    """
    if same(inputs.get("dashboardBody"), outputs.get("dashboardBody")):
        return True
    start = '"' + str(inputs.get("dashboardName", "")).rpartition("-")[0] + "-"
    found = parsed(outputs.get("dashboardBody"))
    widgets = found.get("widgets") if isinstance(found, dict) else None
    return isinstance(widgets, list) and all(start in json.dumps(widget) for widget in widgets)


TYPES = (
    ResourceType(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        terraform="aws_cloudwatch_metric_alarm",
        identify=named("name"),
        cost=service("cloudwatch:alarm", "alarm"),
        inventory=Area("CloudWatch alarms", alarms),
        actions=actions(
            "cloudwatch",
            create="PutMetricAlarm",
            read="DescribeAlarms ListTagsForResource",
            update="PutMetricAlarm",
            delete="DeleteAlarms",
            tag="TagResource UntagResource",
        ),
        in_units=True,
        taken=Taken("name", _taken_by),
    ),
    ResourceType(
        "aws:cloudwatch/dashboard:Dashboard",
        terraform="aws_cloudwatch_dashboard",
        identify=named("dashboardName"),
        cost=service("cloudwatch:dashboard", "dashboard"),
        inventory=Area("CloudWatch dashboards", dashboards),
        actions=actions(
            "cloudwatch",
            create="PutDashboard",
            read="GetDashboard",
            update="PutDashboard",
            delete="DeleteDashboards",
            search="ListDashboards",
        ),
        ours=_is_our_dashboard,
        marked=True,
    ),
)
