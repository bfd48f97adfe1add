"""How a group's instance comes to be in moto's EC2: by the order of its types and zones, as far as the market lets it.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/allocation-strategies.html
"""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

from tideform_sandbox.one_network import reason_against
from tideform_sandbox.services.autoscaling.group import Group, Member

_IMAGE = "ami-0ec50a11d3b25e1a4"
_SPOT, _ON_DEMAND = "Spot", "On-Demand"


class NoLaunch(Exception):  # noqa: N818  # an answer: it goes into the activity of the group
    """Why nothing came, in the words of a scaling activity."""


def launch(ec2: Any, group: Group, now: float, zone: str = "") -> Member:
    """Launch one more. The first type that the market has wins, and of its zones the one with the fewest members.

    With a ``zone`` no other one is tried.

    Raises `NoLaunch`.
    """
    spot = group.next_is_spot()
    template = _template(ec2, group)
    why = "InvalidParameter - the group names no subnet, or no reservation where it wants one alone"
    kinds = group.types or [template.data.get("InstanceType", "")]
    subnets = [subnet for subnet in _by_members(ec2, group) if zone in ("", subnet.availability_zone)]
    for reserved, kind, subnet in product([{}] if spot else _reserved(group), kinds, subnets):
        try:
            instance = _run(ec2, group, template, kind, subnet, spot=spot, reserved=reserved)
        except Exception as error:  # noqa: BLE001  # moto's errors have no base
            why = f"{getattr(error, 'code', 'ClientError')} - {getattr(error, 'message', None) or error}"
            continue
        return Member(instance, kind, subnet.availability_zone, spot, now)
    market = _SPOT if spot else _ON_DEMAND
    raise NoLaunch(f"Could not launch {market} Instances. {why.rstrip('.')}. Launching EC2 instance failed.")


def zones(ec2: Any, group: Group) -> list[str]:
    """The zones of the group's subnets."""
    found = [subnet.availability_zone for subnet in _subnets(ec2, group)]
    return list(dict.fromkeys(found)) or list(group.settings.get("AvailabilityZones") or [])


def _reserved(group: Group) -> list[dict[str, Any]]:
    """What an on-demand launch says of reservations, in the order of its tries; nothing is the template's own word."""
    said = group.settings.get("CapacityReservationSpecification") or {}
    preference = said.get("CapacityReservationPreference", "default")
    ids = (said.get("CapacityReservationTarget") or {}).get("CapacityReservationIds") or []
    targeted: list[dict[str, Any]] = [{"CapacityReservationTarget": {"CapacityReservationId": one}} for one in ids]
    none: dict[str, Any] = {"CapacityReservationPreference": "none"}
    by_preference: dict[str, list[dict[str, Any]]] = {
        "none": [none],
        "capacity-reservations-only": targeted,
        "capacity-reservations-first": [*targeted, none],
    }
    return by_preference.get(preference, [{}])


def _subnets(ec2: Any, group: Group) -> list[Any]:
    known = [subnet for by_id in ec2.subnets.values() for subnet in by_id.values()]
    return [subnet for wanted in group.subnets for subnet in known if subnet.id == wanted]


def _by_members(ec2: Any, group: Group) -> list[Any]:
    counted = Counter(member.zone for member in group.held)
    return sorted(_subnets(ec2, group), key=lambda subnet: counted[subnet.availability_zone])


def _template(ec2: Any, group: Group) -> Any:
    """The version of the launch template that counts."""
    said = group.template
    try:
        if said.get("LaunchTemplateId"):
            template = ec2.get_launch_template(said["LaunchTemplateId"])
        else:
            template = ec2.get_launch_template_by_name(said.get("LaunchTemplateName"))
        return template.get_version(str(said.get("Version") or "$Default"))
    except Exception as error:  # noqa: BLE001  # moto's errors have no base
        why = f"The launch template of the group is not to be had: {error}. Launching EC2 instance failed."
        raise NoLaunch(why) from None


def reason_against_place(ec2: Any, group: Group) -> str:
    """Why the group's subnets cannot go with one another, or with the template's security groups; empty if they can."""
    try:
        groups = _groups(_template(ec2, group).data)
    except NoLaunch:  # told where it launches
        groups = []
    return reason_against(ec2, group.subnets, groups)


def _groups(data: dict[str, Any]) -> list[str]:
    interfaces = data.get("NetworkInterfaces") or []
    return data.get("SecurityGroupIds") or [one for nic in interfaces for one in nic.get("Groups") or []]


def _run(ec2: Any, group: Group, template: Any, kind: str, subnet: Any, *, spot: bool, reserved: dict[str, Any]) -> Any:
    data = template.data
    said = {spec["ResourceType"]: _pairs(spec.get("Tags") or []) for spec in data.get("TagSpecifications") or []}
    own = {**group.propagated(), "aws:autoscaling:groupName": group.name}
    groups = _groups(data)
    reservation = ec2.run_instances(
        image_id=_IMAGE,
        count=1,
        user_data=data.get("UserData"),
        security_group_names=[],
        instance_type=kind,
        is_instance_type_default=False,
        region_name=ec2.region_name,
        subnet_id=subnet.id,
        security_group_ids=list(dict.fromkeys(groups)),
        key_name=data.get("KeyName"),
        tags={"instance": {**said.get("instance", {}), **own}, "volume": said.get("volume", {})},
        block_device_mappings=data.get("BlockDeviceMappings") or [],
        capacity_reservation=reserved or data.get("CapacityReservationSpecification"),
        **({"instance_market_options": {"MarketType": "spot"}} if spot else {}),
    )
    machine = reservation.instances[0]
    machine.placement.group_name = group.settings.get("PlacementGroup") or ""
    return machine


def _pairs(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in tags}
