"""VPC, subnet, route table and what joins them."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.aws.shapes import lower_camel
from tideform_sandbox.services.ec2.tags import arn, live_tags, only, retag, tagged

_VPC_SWITCHES = {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}
_SUBNET_SWITCHES = {
    "mapPublicIpOnLaunch": "MapPublicIpOnLaunch",
    "assignIpv6AddressOnCreation": "AssignIpv6AddressOnCreation",
}


def _create_vpc(context: Context, inputs: Inputs) -> str:
    asked = {key: inputs[key] for key in ("cidrBlock", "instanceTenancy") if key in inputs}
    return str(context.send("ec2", "create_vpc", asked, **tagged("vpc", inputs))["Vpc"]["VpcId"])


def _settle_vpc(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    for key, member in _VPC_SWITCHES.items():
        if new.get(key) != old.get(key) and new.get(key) is not None:
            context.call("ec2", "modify_vpc_attribute", VpcId=identity, **{member: {"Value": bool(new[key])}})
    retag(context, identity, old, new)


def _read_vpc(context: Context, identity: str, _inputs: Inputs) -> Live | None:
    vpc = only(context, "describe_vpcs", "Vpcs", VpcIds=[identity])
    if vpc is None:
        return None
    return {
        "arn": arn(context, "vpc", identity),
        "cidrBlock": vpc["CidrBlock"],
        "instanceTenancy": vpc.get("InstanceTenancy", "default"),
        "ownerId": vpc.get("OwnerId", context.account),
        "tags": live_tags(vpc),
        **{key: _vpc_switch(context, identity, key) for key in _VPC_SWITCHES},
        **_vpc_belongings(context, identity),
    }


def _vpc_switch(context: Context, identity: str, key: str) -> bool:
    answer = context.call("ec2", "describe_vpc_attribute", VpcId=identity, Attribute=key)
    return bool(answer[_VPC_SWITCHES[key]]["Value"])


def _vpc_belongings(context: Context, identity: str) -> dict[str, str]:
    """The parts that AWS makes with every VPC."""
    of_vpc = {"Name": "vpc-id", "Values": [identity]}
    group_filters = [of_vpc, {"Name": "group-name", "Values": ["default"]}]
    group = only(context, "describe_security_groups", "SecurityGroups", Filters=group_filters)
    main = {"Name": "association.main", "Values": ["true"]}
    table = only(context, "describe_route_tables", "RouteTables", Filters=[of_vpc, main]) or {}
    acl = only(
        context, "describe_network_acls", "NetworkAcls", Filters=[of_vpc, {"Name": "default", "Values": ["true"]}]
    )
    return {
        "defaultSecurityGroupId": (group or {}).get("GroupId", ""),
        "defaultRouteTableId": table.get("RouteTableId", ""),
        "mainRouteTableId": table.get("RouteTableId", ""),
        "defaultNetworkAclId": (acl or {}).get("NetworkAclId", ""),
    }


def _delete_vpc(context: Context, identity: str, _state: State) -> None:
    context.call("ec2", "delete_vpc", VpcId=identity)


VPC = Kind(
    type="aws:ec2/vpc:Vpc",
    inputs=words("cidrBlock enableDnsSupport enableDnsHostnames instanceTenancy tags"),
    stored_only=words("enableNetworkAddressUsageMetrics"),
    computed=words(
        "arn defaultNetworkAclId defaultRouteTableId defaultSecurityGroupId mainRouteTableId ownerId tagsAll"
    ),
    replaces=words("cidrBlock instanceTenancy"),
    defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
    create=_create_vpc,
    settle=_settle_vpc,
    read=_read_vpc,
    delete=_delete_vpc,
)


def _create_subnet(context: Context, inputs: Inputs) -> str:
    asked = {k: inputs[k] for k in words("vpcId cidrBlock availabilityZone availabilityZoneId") if k in inputs}
    return str(context.send("ec2", "create_subnet", asked, **tagged("subnet", inputs))["Subnet"]["SubnetId"])


def _settle_subnet(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    for key, member in _SUBNET_SWITCHES.items():
        if bool(new.get(key)) != bool(old.get(key)):
            value = {"Value": bool(new.get(key))}
            context.call("ec2", "modify_subnet_attribute", SubnetId=identity, **{member: value})
    retag(context, identity, old, new)


def _read_subnet(context: Context, identity: str, _inputs: Inputs) -> Live | None:
    subnet = only(context, "describe_subnets", "Subnets", SubnetIds=[identity])
    if subnet is None:
        return None
    told = ("VpcId", "CidrBlock", "AvailabilityZone", "AvailabilityZoneId", *_SUBNET_SWITCHES.values())
    return {
        "arn": arn(context, "subnet", identity),
        "ownerId": subnet.get("OwnerId", context.account),
        "tags": live_tags(subnet),
        **{lower_camel(member): subnet[member] for member in told if member in subnet},
    }


def _delete_subnet(context: Context, identity: str, _state: State) -> None:
    context.call("ec2", "delete_subnet", SubnetId=identity)


SUBNET = Kind(
    type="aws:ec2/subnet:Subnet",
    inputs=words(
        "vpcId cidrBlock availabilityZone availabilityZoneId mapPublicIpOnLaunch assignIpv6AddressOnCreation tags"
    ),
    stored_only=words("enableDns64 enableResourceNameDnsARecordOnLaunch privateDnsHostnameTypeOnLaunch"),
    computed=words("arn availabilityZone availabilityZoneId ownerId tagsAll"),
    replaces=words("vpcId cidrBlock availabilityZone availabilityZoneId"),
    create=_create_subnet,
    settle=_settle_subnet,
    read=_read_subnet,
    delete=_delete_subnet,
)


def _create_route_table(context: Context, inputs: Inputs) -> str:
    made = context.call("ec2", "create_route_table", VpcId=inputs["vpcId"], **tagged("route-table", inputs))
    return str(made["RouteTable"]["RouteTableId"])


def _settle_route_table(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    before, after = old.get("routes") or [], new.get("routes") or []
    for route in (route for route in before if route not in after):
        context.call("ec2", "delete_route", RouteTableId=identity, DestinationCidrBlock=route["cidrBlock"])
    for route in (route for route in after if route not in before):
        names = {"cidrBlock": "DestinationCidrBlock"}
        context.send("ec2", "create_route", {k: v for k, v in route.items() if v}, names, RouteTableId=identity)
    retag(context, identity, old, new)


def _read_route_table(context: Context, identity: str, _inputs: Inputs) -> Live | None:
    table = only(context, "describe_route_tables", "RouteTables", RouteTableIds=[identity])
    if table is None:
        return None
    own = [route for route in table.get("Routes", []) if route.get("Origin") == "CreateRoute"]
    return {
        "arn": arn(context, "route-table", identity),
        "ownerId": table.get("OwnerId", context.account),
        "vpcId": table["VpcId"],
        "tags": live_tags(table),
        "routes": [_route(route) for route in own if "DestinationCidrBlock" in route],
    }


def _route(route: dict[str, Any]) -> Live:
    targets = ("GatewayId", "NatGatewayId", "NetworkInterfaceId", "TransitGatewayId", "VpcPeeringConnectionId")
    chosen = {lower_camel(target): route[target] for target in targets if route.get(target)}
    return {"cidrBlock": route["DestinationCidrBlock"], **chosen}


def _delete_route_table(context: Context, identity: str, _state: State) -> None:
    context.call("ec2", "delete_route_table", RouteTableId=identity)


ROUTE_TABLE = Kind(
    type="aws:ec2/routeTable:RouteTable",
    inputs=words("vpcId routes tags"),
    computed=words("arn ownerId tagsAll"),
    replaces=words("vpcId"),
    create=_create_route_table,
    settle=_settle_route_table,
    read=_read_route_table,
    delete=_delete_route_table,
)


def _create_association(context: Context, inputs: Inputs) -> str:
    """moto answers with the association that exists; AWS refuses, and so do we."""
    place = inputs.get("subnetId") or inputs.get("gatewayId")
    if any(place in (found.get("SubnetId"), found.get("GatewayId")) for found in _associations(context)):
        raise Refusal("Resource.AlreadyAssociated", f"{place} is associated with a route table already")
    asked = {key: inputs[key] for key in ("routeTableId", "subnetId", "gatewayId") if key in inputs}
    return str(context.send("ec2", "associate_route_table", asked)["AssociationId"])


def _read_association(context: Context, identity: str, _inputs: Inputs) -> Live | None:
    """By its id, or as it is imported: ``subnet/table``."""
    for found in _associations(context):
        place, table = found.get("SubnetId") or found.get("GatewayId"), found["RouteTableId"]
        if identity in (found["RouteTableAssociationId"], f"{place}/{table}"):
            key = "gatewayId" if found.get("GatewayId") else "subnetId"
            return {"routeTableId": table, key: place}
    return None


def _associations(context: Context) -> list[dict[str, Any]]:
    tables = context.pages("ec2", "describe_route_tables", "RouteTables")
    return [{**found, "RouteTableId": table["RouteTableId"]} for table in tables for found in table["Associations"]]


def _settle_association(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    if old and old["routeTableId"] != new["routeTableId"]:
        table = new["routeTableId"]
        context.call("ec2", "replace_route_table_association", AssociationId=identity, RouteTableId=table)


def _delete_association(context: Context, identity: str, _state: State) -> None:
    context.call("ec2", "disassociate_route_table", AssociationId=identity)


ROUTE_TABLE_ASSOCIATION = Kind(
    type="aws:ec2/routeTableAssociation:RouteTableAssociation",
    inputs=words("routeTableId subnetId gatewayId"),
    replaces=words("subnetId gatewayId routeTableId"),
    create=_create_association,
    settle=_settle_association,
    read=_read_association,
    delete=_delete_association,
)

KINDS = (VPC, SUBNET, ROUTE_TABLE, ROUTE_TABLE_ASSOCIATION)
