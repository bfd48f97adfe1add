"""EC2: what machines are started from, and where."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.resources.actions import actions
from tideform.resources.base import ResourceType
from tideform.resources.costs import FREE
from tideform.resources.ec2_lookups import by_filters
from tideform.resources.identity import named
from tideform.resources.inventory import Area, Leftover, Place, tags_of


def launch_templates(place: Place) -> Iterator[Leftover]:
    """Launch templates; they cost nothing."""
    for found in place.pages("ec2", "describe_launch_templates", "LaunchTemplates"):
        name = found["LaunchTemplateName"]
        yield from place.claim(
            Leftover("ec2", "launch template", found["LaunchTemplateId"], name), name, tags_of(found)
        )


def placement_groups(place: Place) -> Iterator[Leftover]:
    """Placement groups, by their tags; they cost nothing."""
    by_id: dict[str, dict[str, str]] = {}
    kind = [{"Name": "resource-type", "Values": ["placement-group"]}]
    for tag in place.pages("ec2", "describe_tags", "Tags", Filters=kind):
        by_id.setdefault(tag["ResourceId"], {})[tag["Key"]] = tag["Value"]
    for found, tags in by_id.items():
        name = tags.get("Name", "")
        yield from place.claim(Leftover("ec2", "placement group", found, name), name, tags)


TYPES = (
    ResourceType(
        "aws:ec2/launchTemplate:LaunchTemplate",
        terraform="aws_launch_template",
        identify=by_filters("launch_templates", "LaunchTemplateId", {"launch-template-name": "name"}),
        cost=FREE,
        inventory=Area("EC2 launch templates", launch_templates),
        actions=actions(
            "ec2",
            create="CreateLaunchTemplate",
            read="DescribeLaunchTemplates DescribeLaunchTemplateVersions",
            update="CreateLaunchTemplateVersion ModifyLaunchTemplate",
            delete="DeleteLaunchTemplate",
            tag="CreateTags DeleteTags",
        ),
        in_units=True,
    ),
    ResourceType(
        "aws:ec2/placementGroup:PlacementGroup",
        terraform="aws_placement_group",
        identify=named("name"),
        cost=FREE,
        inventory=Area("EC2 placement groups", placement_groups),
        actions=actions(
            "ec2",
            create="CreatePlacementGroup",
            read="DescribePlacementGroups",
            delete="DeletePlacementGroup",
            tag="CreateTags DeleteTags",
            search="DescribeTags",
        ),
        in_units=True,
    ),
)
