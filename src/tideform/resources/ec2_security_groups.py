"""EC2: security groups and their rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tideform.resources.actions import actions
from tideform.resources.base import PartOf, ResourceType
from tideform.resources.costs import FREE
from tideform.resources.ec2_lookups import by_filters, described, tagged
from tideform.resources.identity import Identify, Inputs
from tideform.resources.inventory import Area
from tideform.resources.ownership import with_its_parent

if TYPE_CHECKING:
    from tideform.cloud import Cloud

_GROUP = "aws:ec2/securityGroup:SecurityGroup"


def default_security_group(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The group that every VPC comes with; AWS makes it, we only empty it."""
    filters = [{"Name": "vpc-id", "Values": [inputs["vpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    for group in described(cloud, "security_groups", filters):
        yield str(group["GroupId"])


def rule(*, egress: bool) -> Identify:
    """A rule of a security group: AWS refuses a second one that says the same."""

    def look(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
        group = [{"Name": "group-id", "Values": [inputs["securityGroupId"]]}]
        for found in described(cloud, "security_group_rules", group):
            if found["IsEgress"] is egress and _same_rule(found, inputs):
                yield str(found["SecurityGroupRuleId"])

    return look


def _same_rule(found: Mapping[str, Any], inputs: Inputs) -> bool:
    peer = found.get("ReferencedGroupInfo", {}).get("GroupId")
    return (
        str(found["IpProtocol"]) == str(inputs["ipProtocol"])
        and found.get("FromPort", -1) == _port(inputs.get("fromPort"))
        and found.get("ToPort", -1) == _port(inputs.get("toPort"))
        and peer == inputs.get("referencedSecurityGroupId")
        and found.get("PrefixListId") == inputs.get("prefixListId")
        and found.get("CidrIpv4") == inputs.get("cidrIpv4")
    )


def _port(value: Any) -> int:
    return -1 if value is None else int(value)


def _rule_type(way: str, *, egress: bool) -> ResourceType:
    """``Ingress`` or ``Egress``."""
    return ResourceType(
        f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule",
        terraform=f"aws_vpc_security_group_{way.lower()}_rule",
        identify=rule(egress=egress),
        cost=FREE,
        inventory=PartOf(_GROUP),
        actions=actions(
            "ec2",
            create=f"AuthorizeSecurityGroup{way}",
            read="DescribeSecurityGroupRules",
            update="ModifySecurityGroupRules",
            delete=f"RevokeSecurityGroup{way}",
            tag="CreateTags DeleteTags",
        ),
        read_by=("securityGroupRuleId",),
    )


TYPES = (
    ResourceType(
        _GROUP,
        terraform="aws_security_group",
        identify=by_filters("security_groups", "GroupId", {"vpc-id": "vpcId", "group-name": "name"}),
        cost=FREE,
        inventory=Area(
            "EC2 security groups", tagged("describe_security_groups", "SecurityGroups", "GroupId", "security group")
        ),
        actions=actions(
            "ec2",
            create="CreateSecurityGroup RevokeSecurityGroupEgress",  # every group is made with a rule that lets all out
            read="DescribeSecurityGroups",
            delete="DeleteSecurityGroup DescribeNetworkInterfaces",
            tag="CreateTags DeleteTags",
        ),
    ),
    ResourceType(
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        terraform="aws_default_security_group",
        identify=default_security_group,
        cost=FREE,
        inventory=PartOf("aws:ec2/vpc:Vpc"),
        actions=actions(
            "ec2",
            read="DescribeSecurityGroups DescribeSecurityGroupRules",
            update="RevokeSecurityGroupIngress RevokeSecurityGroupEgress",
            tag="CreateTags DeleteTags",
        ),
        ours=with_its_parent,
    ),
    _rule_type("Ingress", egress=False),
    _rule_type("Egress", egress=True),
)
