"""What compute environments stand on."""

from __future__ import annotations

import json
from typing import Any

from tideform.cloud import Cloud


def laid(cloud: Cloud, log_group: str, instance_type: str, *more: str) -> dict[str, Any]:
    """Network, role and log group, as the ``computeResources`` that environments of a module share."""
    ec2, iam = cloud.client("ec2"), cloud.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/20", AvailabilityZone="us-east-1a")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="jobs", Description="jobs", VpcId=vpc)["GroupId"]
    iam.create_role(RoleName="host", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17"}))
    profile = iam.create_instance_profile(InstanceProfileName="host")["InstanceProfile"]["Arn"]
    cloud.client("logs").create_log_group(logGroupName=log_group)
    return {
        "type": "EC2",
        "minvCpus": 0,
        "maxvCpus": 16,
        "instanceTypes": [instance_type, *more],
        "subnets": [subnet],
        "securityGroupIds": [group],
        "instanceRole": profile,
    }
