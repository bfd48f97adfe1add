"""CloudTrail: trails."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tideform.resources.actions import actions
from tideform.resources.base import ResourceType
from tideform.resources.costs import by_use
from tideform.resources.identity import arn
from tideform.resources.inventory import Area, Leftover, Place, pairs


def trails(place: Place) -> Iterator[Leftover]:
    """CloudTrail trails of this region."""
    for found in place.cloud.client("cloudtrail").describe_trails(includeShadowTrails=False)["trailList"]:
        name, tags = found["Name"], partial(_trail_tags, place, found["TrailARN"])
        yield from place.claim(Leftover("cloudtrail", "trail", name), name, tags)


def _trail_tags(place: Place, trail: str) -> dict[str, str]:
    found = place.pages("cloudtrail", "list_tags", "ResourceTagList", ResourceIdList=[trail])
    return pairs(tag for resource in found for tag in resource["TagsList"])


TYPES = (
    ResourceType(
        "aws:cloudtrail/trail:Trail",
        terraform="aws_cloudtrail",
        identify=arn("cloudtrail", "trail/"),
        cost=by_use("data events; one copy of management events is free"),
        inventory=Area("CloudTrail trails", trails),
        actions=actions(
            "cloudtrail",
            create="CreateTrail StartLogging PutEventSelectors",
            read="DescribeTrails GetTrail GetTrailStatus GetEventSelectors GetInsightSelectors ListTags",
            update="UpdateTrail StartLogging StopLogging PutEventSelectors",
            delete="DeleteTrail",
            tag="AddTags RemoveTags",
            passes=("cloudtrail",),
        ),
    ),
)
