"""A network, a launch template and groups in a sandbox, as a pool would have them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from tests.unit.sandbox.waiting import until
from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace

_NUMBERS = count(1)


@dataclass
class Group:
    """One Auto Scaling group; its name is its own."""

    cloud: Cloud
    workspace: Workspace
    name: str

    @property
    def api(self) -> Any:
        return self.cloud.client("autoscaling")

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = self.api.describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])[
            "AutoScalingGroups"
        ][0]
        return found

    def update(self, **changes: Any) -> None:
        self.api.update_auto_scaling_group(AutoScalingGroupName=self.name, **changes)

    def members(self, state: str = "InService") -> list[dict[str, Any]]:
        return [member for member in self.told()["Instances"] if member["LifecycleState"] == state]

    def has(self, number: int, state: str = "InService") -> list[dict[str, Any]]:
        """The members in a state, once there are so many."""
        until(lambda: len(self.members(state)) == number)
        return self.members(state)

    def instances(self) -> list[dict[str, Any]]:
        """Its instances in EC2 that have not ended."""
        own = {"Name": "tag:aws:autoscaling:groupName", "Values": [self.name]}
        alive = {"Name": "instance-state-name", "Values": ["pending", "running"]}
        found = self.cloud.client("ec2").describe_instances(Filters=[own, alive])["Reservations"]
        return [instance for reservation in found for instance in reservation["Instances"]]

    def activities(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.describe_scaling_activities(AutoScalingGroupName=self.name)["Activities"]
        return found

    def at(self, seconds: float) -> datetime:
        """So far ahead on the sandbox's clock."""
        return datetime.fromtimestamp(client.advance_clock(self.workspace, 0) + seconds, UTC)

    def advance(self, seconds: float) -> None:
        client.advance_clock(self.workspace, seconds)


@pytest.fixture(scope="module")
def ground(cloud: Cloud) -> dict[str, Any]:
    """What groups stand on: arguments that all share."""
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
        for n, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="jobs", Description="jobs", VpcId=vpc)["GroupId"]
    disk = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 100, "VolumeType": "gp3", "DeleteOnTermination": True}}
    data = {
        "SecurityGroupIds": [group],
        "BlockDeviceMappings": [disk],
        "TagSpecifications": [{"ResourceType": kind, "Tags": [{"Key": "of", "Value": kind}]}
                              for kind in ("instance", "volume")],
    }  # fmt: skip
    template = ec2.create_launch_template(LaunchTemplateName="nodes", LaunchTemplateData=data)["LaunchTemplate"]
    return {
        "MinSize": 0,
        "MaxSize": 4,
        "DesiredCapacity": 0,
        "VPCZoneIdentifier": ",".join(subnet["SubnetId"] for subnet in subnets),
        "MixedInstancesPolicy": {
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {"LaunchTemplateId": template["LaunchTemplateId"], "Version": "$Latest"},
                "Overrides": [{"InstanceType": "g5.xlarge"}, {"InstanceType": "g5.2xlarge"}],
            },
            "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 0, "OnDemandBaseCapacity": 0},
        },
        "Tags": [{"Key": "pool", "Value": "fit", "PropagateAtLaunch": True}],
    }


@pytest.fixture
def group_of(cloud: Cloud, workspace: Workspace, ground: dict[str, Any]) -> Callable[..., Group]:
    """Make a group; arguments replace those of the ground."""

    def make(**arguments: Any) -> Group:
        group = Group(cloud, workspace, f"group-{next(_NUMBERS)}")
        group.api.create_auto_scaling_group(AutoScalingGroupName=group.name, **{**ground, **arguments})
        return group

    return make


@pytest.fixture
def group(group_of: Callable[..., Group]) -> Group:
    return group_of()
