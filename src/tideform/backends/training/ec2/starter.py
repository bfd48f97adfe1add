"""What a starter on EC2 Auto Scaling is told, what it may do, and how long it takes. Pure."""

from __future__ import annotations

from typing import Any

from tideform.backends.training.ec2.names import GroupNames
from tideform.components.iam.policies import allow
from tideform.components.jobs.begins import MINUTES, Begins, ours
from tideform.registry.training import PoolOrder
from tideform.resources.moved_by_bursts import LEASE_TAGS

_LOOK_AT_MACHINES = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:DescribeScheduledActions",
    "ec2:DescribeInstances",
    "ssm:DescribeInstanceInformation",
)
_LAUNCH = (
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:PutScheduledUpdateGroupAction",
    "autoscaling:ResumeProcesses",
    "autoscaling:SuspendProcesses",  # the evening out of zones, on groups of older versions
    "autoscaling:UpdateAutoScalingGroup",
)


def on_ec2(order: PoolOrder, words: dict[str, Any]) -> Begins:
    """The group is scheduled to end and let launch, and the job sent to its machines (`in_account.starting`).

    UpdateAutoScalingGroup asks for ``ec2:RunInstances`` only where it is given a launch template, which it is not.
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-api-permissions.html
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
    """
    scope, names = order.scope, GroupNames(order.scope.deployment, order.name)
    group = scope.arn("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{names.group}")
    machines = [scope.arn("ec2", "instance/*")]
    own = ours(order)
    said = {"ForAllValues:StringEquals": {"aws:TagKeys": [*LEASE_TAGS]}}
    document = f"arn:{scope.partition}:ssm:{scope.region}::document/AWS-RunShellScript"
    return Begins(
        words,
        [
            allow("Look", _LOOK_AT_MACHINES, ["*"]),
            allow("Launch", _LAUNCH, [group], own),
            allow("SayWhose", ["ec2:CreateTags"], machines, {**own, **said}),
            allow("Send", ["ssm:SendCommand"], [document]),
            allow("SendThere", ["ssm:SendCommand"], machines, own),
        ],
        seconds=MINUTES,
    )
