"""What machines and endpoints are in stays, as on EC2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tideform.cloud import Cloud


@dataclass(frozen=True)
class Place:
    """A subnet and a security group of a network of its own."""

    ec2: Any
    vpc: str
    subnet: str
    group: str

    def machine(self) -> str:
        asked: dict[str, Any] = {"SubnetId": self.subnet, "SecurityGroupIds": [self.group]}
        image = self.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        made = self.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, InstanceType="m5.large", **asked)
        return str(made["Instances"][0]["InstanceId"])

    def endpoint(self) -> str:
        made = self.ec2.create_vpc_endpoint(
            VpcId=self.vpc,
            ServiceName="com.amazonaws.eu-central-1.ssm",
            VpcEndpointType="Interface",
            SubnetIds=[self.subnet],
            SecurityGroupIds=[self.group],
        )
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def delete(self) -> None:
        self.ec2.delete_subnet(SubnetId=self.subnet)
        self.ec2.delete_security_group(GroupId=self.group)


@pytest.fixture
def place(cloud: Cloud) -> Place:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/20")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="in-use", Description="in use", VpcId=vpc)["GroupId"]
    return Place(ec2, vpc, subnet, group)


def refusals(place: Place) -> list[str]:
    """What EC2 says to the deletion of either."""
    return [
        refusal(place.ec2.delete_subnet, SubnetId=place.subnet),
        refusal(place.ec2.delete_security_group, GroupId=place.group),
    ]


def refusal(delete: Callable[..., Any], **named: str) -> str:
    with pytest.raises(ClientError) as refused:
        delete(**named)
    return str(refused.value.response["Error"]["Code"])


def test_what_a_machine_is_in_is_not_deleted(place: Place) -> None:
    place.machine()
    assert refusals(place) == ["DependencyViolation"] * 2


def test_what_an_endpoint_is_in_is_not_deleted(place: Place) -> None:
    place.endpoint()
    assert refusals(place) == ["DependencyViolation"] * 2


def test_what_everybody_has_left_is_deleted(place: Place) -> None:
    place.ec2.terminate_instances(InstanceIds=[place.machine()])
    place.ec2.delete_vpc_endpoints(VpcEndpointIds=[place.endpoint()])
    place.delete()


def test_what_a_free_interface_is_in_is_not_deleted(place: Place) -> None:
    place.ec2.create_network_interface(SubnetId=place.subnet, Groups=[place.group])
    assert refusals(place) == ["DependencyViolation"] * 2


def test_a_group_that_another_ones_rule_names_is_not_deleted(place: Place) -> None:
    other = place.ec2.create_security_group(GroupName="other", Description="other", VpcId=place.vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": place.group}]}
    place.ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[rule])
    assert refusal(place.ec2.delete_security_group, GroupId=place.group) == "DependencyViolation"


def test_a_network_with_groups_is_not_deleted(place: Place) -> None:
    place.ec2.delete_subnet(SubnetId=place.subnet)
    assert refusal(place.ec2.delete_vpc, VpcId=place.vpc) == "DependencyViolation"
