"""What Karpenter's controller may do in AWS, as upstream bounds it, and with instance profiles that we make.

Everything it launches, tags or ends has to carry the cluster's own tag.
https://karpenter.sh/docs/reference/cloudformation/
"""

from __future__ import annotations

from tideform.components.iam.grants import grant_key, use_key
from tideform.components.iam.policies import Statement, allow
from tideform.components.scope import Scope

_NODEPOOL = "karpenter.sh/nodepool"
_NOUNS = (
    "AvailabilityZones",
    "CapacityReservations",
    "Images",
    "InstanceStatus",
    "InstanceTypeOfferings",
    "InstanceTypes",
    "Instances",
    "LaunchTemplates",
    "PlacementGroups",
    "SecurityGroups",
    "SpotPriceHistory",
    "Subnets",
)


def controller_statements(scope: Scope, cluster: str, node_role_arn: str, queue_arn: str) -> list[Statement]:
    """The inline policy of the controller's role."""
    passed = _equals("iam:PassedToService", f"ec2.{scope.dns_suffix}")
    return [
        *_launching(scope, cluster),
        *_tagging(scope, cluster),
        *_reading(scope, cluster),
        allow("Interruptions", ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"], [queue_arn]),
        allow("PassNodeRole", ["iam:PassRole"], [node_role_arn], passed),
        use_key(scope),
        grant_key(scope),
    ]


def _launching(scope: Scope, cluster: str) -> list[Statement]:
    shared = ["snapshot/*", "security-group/*", "subnet/*", "capacity-reservation/*", "placement-group/*"]
    borrowed = [_arn(scope, each) for each in shared]
    images = [f"arn:{scope.partition}:ec2:{scope.region}::{each}" for each in ("image/*", "snapshot/*")]
    made = [
        _arn(scope, f"{each}/*") for each in ("fleet", "instance", "volume", "network-interface", "launch-template")
    ]
    made.append(_arn(scope, "spot-instances-request/*"))
    launch = ["ec2:RunInstances", "ec2:CreateFleet"]
    templates = {**_owned("aws:ResourceTag", cluster), "StringLike": {f"aws:ResourceTag/{_NODEPOOL}": "*"}}
    return [
        allow("LaunchFrom", launch, [*images, *borrowed]),
        allow("LaunchByTemplate", launch, [_arn(scope, "launch-template/*")], templates),
        allow("LaunchTagged", [*launch, "ec2:CreateLaunchTemplate"], made, _requested(cluster)),
    ]


def _tagging(scope: Scope, cluster: str) -> list[Statement]:
    made = [
        _arn(scope, f"{each}/*") for each in ("fleet", "instance", "volume", "network-interface", "launch-template")
    ]
    made.append(_arn(scope, "spot-instances-request/*"))
    at_birth = _requested(cluster)
    at_birth["StringEquals"] = {
        **at_birth["StringEquals"],
        "ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"],
    }
    existing = {**_owned("aws:ResourceTag", cluster), "StringLike": {f"aws:ResourceTag/{_NODEPOOL}": "*"}}
    later = {
        **existing,
        "ForAllValues:StringEquals": {"aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]},
    }
    ending = ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"]
    return [
        allow("TagAtBirth", ["ec2:CreateTags"], made, at_birth),
        allow("TagInstances", ["ec2:CreateTags"], [_arn(scope, "instance/*")], later),
        allow("EndItsOwn", ending, [_arn(scope, "instance/*"), _arn(scope, "launch-template/*")], existing),
    ]


def _reading(scope: Scope, cluster: str) -> list[Statement]:
    """EC2 takes no resources for what describes."""
    regional = _equals("aws:RequestedRegion", scope.region)
    parameters = f"arn:{scope.partition}:ssm:{scope.region}::parameter/aws/service/*"
    profiles = scope.instance_profile_arn("*")
    return [
        allow("Look", [f"ec2:Describe{noun}" for noun in _NOUNS], ["*"], regional),
        allow("FindImages", ["ssm:GetParameter"], [parameters]),
        allow("Prices", ["pricing:GetProducts"], ["*"]),
        allow("ReadProfile", ["iam:GetInstanceProfile"], [profiles]),
        allow("FindCluster", ["eks:DescribeCluster"], [scope.arn("eks", f"cluster/{cluster}")]),
    ]


def _arn(scope: Scope, resource: str) -> str:
    return f"arn:{scope.partition}:ec2:{scope.region}:*:{resource}"


def _owned(where: str, cluster: str) -> dict[str, dict[str, object]]:
    return {"StringEquals": {f"{where}/kubernetes.io/cluster/{cluster}": "owned"}}


def _requested(cluster: str) -> dict[str, dict[str, object]]:
    owned = {f"aws:RequestTag/kubernetes.io/cluster/{cluster}": "owned", "aws:RequestTag/eks:eks-cluster-name": cluster}
    return {"StringEquals": {**owned}, "StringLike": {f"aws:RequestTag/{_NODEPOOL}": "*"}}


def _equals(key: str, value: str) -> dict[str, dict[str, str]]:
    return {"StringEquals": {key: value}}
