"""Under which id something that was being created would stand."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from tideform.cloud import Cloud
from tideform.engine.recover.identify import before_read, identify, standing
from tideform.errors import EngineError

TAGS = {"tideform:project": "p", "tideform:environment": "dev", "tideform:layer": "foundation"}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Cloud("us-east-1", "123456789012")


def _tagged(kind: str, tags: dict[str, str] = TAGS) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}]


@pytest.mark.parametrize(
    ("token", "inputs", "expected"),
    [
        ("aws:s3/bucketVersioning:BucketVersioning", {"bucket": "b"}, "b"),
        ("aws:iam/rolePolicy:RolePolicy", {"role": "r", "name": "n"}, "r:n"),
        ("aws:sns/topic:Topic", {"name": "t"}, "arn:aws:sns:us-east-1:123456789012:t"),
        ("aws:batch/jobQueue:JobQueue", {"name": "q"}, "arn:aws:batch:us-east-1:123456789012:job-queue/q"),
        ("aws:budgets/budget:Budget", {"name": "b"}, "123456789012:b"),
        ("aws:eks/nodeGroup:NodeGroup", {"clusterName": "c", "nodeGroupName": "n"}, "c:n"),
        ("aws:lambda/permission:Permission", {"function": "f", "statementId": "s"}, "s"),
        ("aws:autoscaling/lifecycleHook:LifecycleHook", {"autoscalingGroupName": "g", "name": "h"}, "h"),
        ("aws:cloudwatch/eventTarget:EventTarget", {"rule": "r", "targetId": "t"}, "r-t"),
        ("kubernetes:core/v1:Namespace", {"metadata": {"name": "n"}}, "n"),
        ("kubernetes:batch/v1:Job", {"metadata": {"name": "j", "namespace": "n"}}, "n/j"),
        ("kubernetes:batch/v1:Job", {"metadata": {"generateName": "j-", "namespace": "n"}}, None),
        ("kubernetes:helm.sh/v3:Release", {"name": "kueue", "namespace": "n"}, "n/kueue"),
    ],
)
def test_a_name_of_our_own_gives_the_id(token: str, inputs: dict[str, Any], expected: str) -> None:
    assert identify(Cloud("us-east-1", "123456789012"), token, inputs) == expected


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")]
)
def test_an_arn_is_one_of_the_regions_partition(region: str, partition: str) -> None:
    there = Cloud(region, "1")
    found = [identify(there, token, {"name": "n"}) for token in ("aws:sns/topic:Topic", "aws:iam/policy:Policy")]
    assert [str(arn).split(":")[1] for arn in found] == [partition, partition]


def test_a_name_within_a_parent_is_not_taken_by_the_same_name_within_another() -> None:
    token = "aws:autoscaling/lifecycleHook:LifecycleHook"
    there = [{"type": token, "id": "drain", "inputs": {"autoscalingGroupName": "one", "name": "drain"}}]
    assert standing(there, token, {"autoscalingGroupName": "two", "name": "drain"}) == set()
    assert standing(there, token, {"autoscalingGroupName": "one", "name": "drain"}) == {"drain"}


def test_what_is_read_by_an_output_has_its_id_there() -> None:
    token = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
    told = before_read(token, {"clusterName": "c"}, "a-1")
    assert told == {"clusterName": "c", "id": "a-1", "associationId": "a-1"}


def test_a_pod_identity_is_found_under_the_number_of_its_association(cloud: Cloud) -> None:
    eks, where = cloud.client("eks"), {"namespace": "n", "serviceAccount": "s"}
    with Stubber(eks) as stub:
        found = [{"clusterName": "c", "associationId": "a-1", **where}]
        stub.add_response("list_pod_identity_associations", {"associations": found}, {"clusterName": "c", **where})
        identity = identify(
            cloud, "aws:eks/podIdentityAssociation:PodIdentityAssociation", {"clusterName": "c", **where}
        )
    assert identity == "a-1"


def test_a_type_without_a_rule_is_an_error_that_names_it() -> None:
    with pytest.raises(EngineError) as caught:
        identify(Cloud("us-east-1", "1"), "aws:x/y:Y", {})
    assert "aws:x/y:Y" in caught.value.diagnostics[0].detail


def test_a_vpc_is_found_by_its_tags_and_range(cloud: Cloud) -> None:
    ec2 = boto3.client("ec2", "us-east-1")
    made = ec2.create_vpc(CidrBlock="10.42.0.0/16", TagSpecifications=_tagged("vpc"))["Vpc"]["VpcId"]
    assert identify(cloud, "aws:ec2/vpc:Vpc", {"cidrBlock": "10.42.0.0/16", "tags": TAGS}) == made


def test_a_vpc_of_the_same_range_without_our_tags_is_not_found(cloud: Cloud) -> None:
    boto3.client("ec2", "us-east-1").create_vpc(CidrBlock="10.42.0.0/16")
    assert identify(cloud, "aws:ec2/vpc:Vpc", {"cidrBlock": "10.42.0.0/16", "tags": TAGS}) is None


def test_a_security_group_rule_is_found_by_what_it_says(cloud: Cloud) -> None:
    ec2 = boto3.client("ec2", "us-east-1")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": group}]},
            {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]},
        ],
    )
    made = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    inputs = {
        "securityGroupId": group, "ipProtocol": "tcp", "fromPort": 443.0, "toPort": 443.0,
        "referencedSecurityGroupId": group,
    }  # fmt: skip
    found = identify(cloud, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", inputs)
    assert found == next(r["SecurityGroupRuleId"] for r in made if r["IpProtocol"] == "tcp")


def test_a_key_that_is_going_away_is_not_found(cloud: Cloud) -> None:
    kms = boto3.client("kms", "us-east-1")
    tags = [{"TagKey": k, "TagValue": v} for k, v in TAGS.items()]
    gone = kms.create_key(Description="d", Tags=tags)["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=gone, PendingWindowInDays=7)
    stays = kms.create_key(Description="d", Tags=tags)["KeyMetadata"]["KeyId"]
    assert identify(cloud, "aws:kms/key:Key", {"description": "d", "tags": TAGS}) == stays


@pytest.mark.parametrize(("arn", "found"), [("PendingConfirmation", None), ("Deleted", None), ("arn:a:b", "arn:a:b")])
def test_a_subscription_that_waits_for_its_reader_has_no_id(arn: str, found: str | None) -> None:
    """SNS lists such words in the place of its ARN."""
    inputs = {"topic": "arn:aws:sns:us-east-1:123456789012:t", "protocol": "email", "endpoint": "a@example.com"}
    sns = boto3.client("sns", "us-east-1", aws_access_key_id="k", aws_secret_access_key="s")
    listed = {"Protocol": "email", "Endpoint": "a@example.com", "SubscriptionArn": arn}
    with Stubber(sns) as stub:
        stub.add_response("list_subscriptions_by_topic", {"Subscriptions": [listed]})
        cloud = SimpleNamespace(client=lambda _: sns)
        assert identify(cast(Cloud, cloud), "aws:sns/topicSubscription:TopicSubscription", inputs) == found
