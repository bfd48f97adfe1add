"""EC2: what machines, interfaces, endpoints or rules are in, or name, is not deleted; moto deletes it.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSubnet.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import wraps
from typing import Any

from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend

from tideform_sandbox.extension.request import AwsError, put


def install() -> None:
    """Extend moto's EC2."""
    put(SubnetBackend, "delete_subnet", _delete_subnet(SubnetBackend.delete_subnet))
    put(VPCBackend, "delete_vpc", _delete_vpc(VPCBackend.delete_vpc))
    put(SecurityGroupBackend, "delete_security_group", _delete_group(SecurityGroupBackend.delete_security_group))


def _delete_subnet(original: Any) -> Any:
    @wraps(original)
    def delete_subnet(self: Any, subnet_id: str) -> Any:
        if any(subnet_id in subnets for subnets, _ in _places(self)):
            raise _in_use(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
        return original(self, subnet_id)

    return delete_subnet


def _delete_group(original: Any) -> Any:
    @wraps(original)
    def delete_security_group(self: Any, *given: Any, **named: Any) -> Any:
        group = inspect.signature(original).bind(self, *given, **named).arguments.get("group_id")
        if group and (_named_by_another(self, group) or any(group in groups for _, groups in _places(self))):
            raise _in_use(f"resource {group} has a dependent object")
        return original(self, *given, **named)

    return delete_security_group


def _delete_vpc(original: Any) -> Any:
    @wraps(original)
    def delete_vpc(self: Any, vpc_id: str) -> Any:
        if any(group.name != "default" for group in self.groups.get(vpc_id, {}).values()):
            raise _in_use(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
        return original(self, vpc_id)

    return delete_vpc


def _places(backend: Any) -> Iterator[tuple[set[str], set[str]]]:
    """The subnets and security groups of every network interface and every interface endpoint that is there."""
    endpoints = [one for one in backend.vpc_end_points.values() if one.state != "deleted"]
    kept = {nic for endpoint in backend.vpc_end_points.values() for nic in endpoint.network_interface_ids}
    for nic in backend.enis.values():  # moto keeps those of an endpoint in the subnets that it had first
        if nic.id not in kept and (nic.instance is None or nic.instance.state != "terminated"):
            yield {nic.subnet.id}, {group.id for group in nic.group_set}
    for endpoint in endpoints:
        yield set(endpoint.subnet_ids or ()), set(endpoint.security_group_ids or ())


def _named_by_another(backend: Any, group: str) -> bool:
    """Whether a rule of another group names it."""
    others = (one for groups in backend.groups.values() for one in groups.values() if one.id != group)
    rules = (rule for other in others for rule in (*other.ingress_rules, *other.egress_rules))
    return any((rule.source_group or {}).get("GroupId") == group for rule in rules)


def placed_in(backend: Any, name: str) -> bool:
    """Whether a machine is in the placement group."""
    there = (one for one in backend.all_instances() if one.state != "terminated")
    return any(one.placement.group_name == name for one in there)


def _in_use(message: str) -> AwsError:
    return AwsError("DependencyViolation", message)
