"""Whether subnets and security groups belong together: what EC2, Auto Scaling and Batch ask before they take them.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-launch-template.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

NOT_LINKED = (
    "One or more security groups in the launch template are not linked to the VPCs configured in the Auto Scaling group"
)


def reason_against(ec2: Any, subnets: Iterable[str], groups: Iterable[str]) -> str:
    """Why moto's EC2 backend ``ec2`` must not launch there; empty where nothing speaks against it."""
    known = {subnet.id: subnet.vpc_id for by_id in ec2.subnets.values() for subnet in by_id.values()}
    wanted = list(subnets)
    if unknown := [subnet for subnet in wanted if subnet not in known]:
        return f"The subnet ID '{unknown[0]}' does not exist"
    networks = {known[subnet] for subnet in wanted}
    if len(networks) > 1:
        return "The subnets must belong to the same VPC"
    owners = {vpc for vpc, by_id in ec2.groups.items() for group in groups if group in by_id}
    return NOT_LINKED if networks and owners - networks else ""
