"""EC2 Auto Scaling: groups, and what they wait for before a machine goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tideform.resources.actions import actions
from tideform.resources.base import PartOf, ResourceType
from tideform.resources.costs import FREE
from tideform.resources.identity import named, within
from tideform.resources.inventory import Area, Leftover, Place, tags_of
from tideform.resources.moved_by_bursts import SCALING_GROUP
from tideform.words import counted

_GROUP = "aws:autoscaling/group:Group"


def described(place: Place) -> Iterator[dict[str, Any]]:
    """Every group of the account."""
    yield from place.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")


def groups(place: Place) -> Iterator[Leftover]:
    """Groups; at zero they cost nothing."""
    for found in described(place):
        name = found["AutoScalingGroupName"]
        yield from place.claim(Leftover("autoscaling", "group", name, note=size(found)), name, tags_of(found))


def size(found: dict[str, Any]) -> str:
    """How large a group is, and is to be, in words."""
    return (
        f"minimum {found['MinSize']}, desired {found['DesiredCapacity']}, {counted(len(found['Instances']), 'machine')}"
    )


TYPES = (
    ResourceType(
        _GROUP,
        terraform="aws_autoscaling_group",
        identify=named("name"),
        cost=FREE,
        inventory=Area("Auto Scaling groups", groups),
        actions=actions(
            "autoscaling",
            # Whoever names a launch template has to have the right to launch from it:
            # https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
            create="CreateAutoScalingGroup ec2:RunInstances iam:CreateServiceLinkedRole",
            read="DescribeAutoScalingGroups DescribeScalingActivities",
            update="UpdateAutoScalingGroup SuspendProcesses ResumeProcesses",
            delete="DeleteAutoScalingGroup",
            tag="CreateOrUpdateTags DeleteTags",
            passes=("ec2",),
        ),
        in_units=True,
        moved_by_bursts=SCALING_GROUP,
    ),
    ResourceType(
        "aws:autoscaling/lifecycleHook:LifecycleHook",
        terraform="aws_autoscaling_lifecycle_hook",
        identify=within("autoscalingGroupName", "name"),
        cost=FREE,
        inventory=PartOf(_GROUP),
        actions=actions(
            "autoscaling",
            create="PutLifecycleHook",
            read="DescribeLifecycleHooks",
            update="PutLifecycleHook",
            delete="DeleteLifecycleHook",
        ),
        within="autoscalingGroupName",
    ),
)
