"""EC2: placement groups, network interfaces that go with their instance, and machines that may not be ended.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreatePlacementGroup.html
"""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
from moto.ec2.responses import EC2Response
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, EC2_RESOURCE_TO_PREFIX

from tideform_sandbox.extension.nouns import Store
from tideform_sandbox.extension.request import AwsError, parameters, put
from tideform_sandbox.services.ec2 import in_use as ec2_in_use

_groups: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}


def install(_: Store) -> None:
    """Extend moto's EC2."""
    ec2_in_use.install()
    EC2_RESOURCE_TO_PREFIX["placement-group"] = "pg"  # else it cannot be tagged
    EC2_PREFIX_TO_RESOURCE["pg"] = "placement-group"
    for operation in (create_placement_group, describe_placement_groups, delete_placement_group):
        put(EC2Response, operation.__name__, _method(operation))
    put(Instance, "prep_nics", _with_nics_that_go(Instance.prep_nics))
    put(InstanceBackend, "terminate_instances", _by_zone(InstanceBackend.terminate_instances))
    put(SecurityGroupBackend, "create_security_group", _in_a_network(SecurityGroupBackend.create_security_group))
    put(SecurityGroupRule, "__init__", _with_what_is_said(SecurityGroupRule.__init__))
    put(SecurityGroupRule, "description", property(_description))


def create_placement_group(backend: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Make a group; names are unique in a region."""
    groups, name = _of(backend), given["GroupName"]
    if name in groups:
        raise AwsError("InvalidPlacementGroup.Duplicate", f"The placement group '{name}' already exists.")
    tags = [tag for one in given.get("TagSpecifications") or [] for tag in one.get("Tags") or []]
    kept = {key: given[key] for key in ("GroupName", "Strategy", "PartitionCount", "SpreadLevel") if given.get(key)}
    groups[name] = {**kept, "State": "available", "GroupId": f"pg-{secrets.token_hex(8)}1"}
    backend.tags[groups[name]["GroupId"]] = {tag["Key"]: tag["Value"] for tag in tags}
    return {"PlacementGroup": _with_tags(backend, groups[name])}


def describe_placement_groups(backend: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Groups by name or id; all if none is named."""
    groups = _of(backend)
    names, ids = given.get("GroupNames") or [], given.get("GroupIds") or []
    found = [one for one in groups.values() if one["GroupName"] in names or one["GroupId"] in ids]
    known = {one[key] for one in found for key in ("GroupName", "GroupId")}
    if unknown := [one for one in (*names, *ids) if one not in known]:
        raise _unknown(unknown[0])
    found = found if names or ids else list(groups.values())
    passing = [one for one in found if _passes(one, given.get("Filters") or [])]
    return {"PlacementGroups": [_with_tags(backend, one) for one in passing]}


def _passes(group: dict[str, Any], filters: list[dict[str, Any]]) -> bool:
    members = {"group-name": "GroupName", "strategy": "Strategy", "state": "State"}
    return all(group.get(members[f["Name"]]) in f["Values"] for f in filters if f["Name"] in members)


def delete_placement_group(backend: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Delete a group that no machine is in."""
    groups, name = _of(backend), given["GroupName"]
    if ec2_in_use.placed_in(backend, name):
        raise AwsError("InvalidPlacementGroup.InUse", f"The placement group '{name}' is in use.")
    if name not in groups:
        raise _unknown(name)
    backend.tags.pop(groups.pop(name)["GroupId"], None)
    return {}


def _method(operation: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> Callable[[Any], Any]:
    def answer(self: Any) -> Any:
        return ActionResult(operation(self.ec2_backend, parameters(self)))

    return answer


def _of(backend: Any) -> dict[str, dict[str, Any]]:
    """The groups of an account in a region, by name."""
    return _groups.setdefault((backend.account_id, backend.region_name), {})


def _with_tags(backend: Any, group: dict[str, Any]) -> dict[str, Any]:
    """Tags change by an operation of their own, which keeps them by the id."""
    tags = backend.tags[group["GroupId"]]
    return {**group, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _unknown(name: str) -> AwsError:
    return AwsError("InvalidPlacementGroup.Unknown", f"The placement group '{name}' is unknown.")


def _with_nics_that_go(original: Any) -> Any:
    """EC2 deletes interfaces made with an instance when it ends, unless told otherwise; moto keeps them."""

    def prep_nics(self: Any, nic_spec: list[dict[str, Any]], **options: Any) -> None:
        stay = {int(spec["DeviceIndex"]) for spec in nic_spec if spec.get("DeleteOnTermination") is False}
        stay |= {int(spec["DeviceIndex"]) for spec in nic_spec if spec.get("NetworkInterfaceId")}
        original(self, nic_spec, **options)
        for index, nic in self.nics.items():
            nic.delete_on_termination = index not in stay or bool(nic.delete_on_termination)

    return prep_nics


def _by_zone(original: Any) -> Any:
    """A protected machine keeps those of its zone; the others end, and the request fails. moto ends what comes before.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html
    """

    def terminate_instances(self: Any, instance_ids: list[str]) -> Any:
        found = self.get_multi_instances_by_id(instance_ids)
        held = [one for one in found if one.disable_api_termination is True]
        zones = {one.placement.zone for one in held}
        if not held:
            return original(self, instance_ids)
        if free := [one.id for one in found if one.placement.zone not in zones]:
            original(self, free)
        return original(self, [held[0].id])  # which is refused in EC2's words

    return terminate_instances


def _in_a_network(original: Any) -> Any:
    """EC2 makes a group in a VPC that is there; moto in any."""

    @wraps(original)
    def create_security_group(self: Any, *given: Any, **named: Any) -> Any:
        vpc = inspect.signature(original).bind(self, *given, **named).arguments.get("vpc_id")
        if vpc and vpc not in self.vpcs:
            raise AwsError("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist")
        return original(self, *given, **named)

    return create_security_group


def _with_what_is_said(original: Any) -> Any:
    """moto knows the description of a rule for addresses only, not of one for a group or a prefix list."""

    def __init__(self: Any, *given: Any, **named: Any) -> None:  # noqa: N807  # it becomes one
        original(self, *given, **named)
        bound = inspect.signature(original).bind(self, *given, **named).arguments
        sources = (bound.get("source_group"), bound.get("prefix_list_id"))
        self.said = next((source["Description"] for source in sources if source and "Description" in source), None)

    return __init__


def _description(rule: Any) -> str | None:
    said: str | None = rule.ip_range.get("Description") or rule.said
    return said
