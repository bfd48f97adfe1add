"""Application Auto Scaling: what scales endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from tideform.resources.actions import actions
from tideform.resources.base import PartOf, ResourceType
from tideform.resources.costs import FREE
from tideform.resources.identity import named
from tideform.resources.inventory import Area, Leftover, Place

_TARGET = "aws:appautoscaling/target:Target"


def scaling_targets(place: Place) -> Iterator[Leftover]:
    """What application autoscaling may scale, named after its endpoint."""
    scaling = place.cloud.client("application-autoscaling")
    targets = place.pages(
        "application-autoscaling", "describe_scalable_targets", "ScalableTargets", ServiceNamespace="sagemaker"
    )
    for found in targets:
        target = Leftover("application-autoscaling", "scaling target", found["ResourceId"])
        name = found["ResourceId"].removeprefix("endpoint/").partition("/")[0]
        arn = found["ScalableTargetARN"]
        yield from place.claim(target, name, partial(_target_tags, scaling, arn))


def _target_tags(scaling: Any, arn: str) -> dict[str, str]:
    return dict(scaling.list_tags_for_resource(ResourceARN=arn)["Tags"])


TYPES = (
    ResourceType(
        _TARGET,
        terraform="aws_appautoscaling_target",
        identify=named("resourceId"),
        cost=FREE,
        inventory=Area("application autoscaling targets", scaling_targets),
        actions=actions(
            "application-autoscaling",
            create="RegisterScalableTarget iam:CreateServiceLinkedRole",
            read="DescribeScalableTargets ListTagsForResource",
            update="RegisterScalableTarget",
            delete="DeregisterScalableTarget",
            tag="TagResource UntagResource",
            passes=("application-autoscaling",),
        ),
        in_units=True,
    ),
    ResourceType(
        "aws:appautoscaling/policy:Policy",
        terraform="aws_appautoscaling_policy",
        identify=named("name"),
        cost=FREE,
        inventory=PartOf(_TARGET),
        actions=actions(
            "application-autoscaling",
            # A target-tracking policy's alarms are made in the name of whoever puts it:
            # https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html
            create="PutScalingPolicy cloudwatch:PutMetricAlarm cloudwatch:DescribeAlarms",
            read="DescribeScalingPolicies",
            update="PutScalingPolicy cloudwatch:PutMetricAlarm cloudwatch:DescribeAlarms",
            delete="DeleteScalingPolicy cloudwatch:DeleteAlarms",
        ),
    ),
)
