"""EC2: the network. What guards it is in `ec2_security_groups`, what machines are started from in `ec2_capacity`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tideform.prices.book import book
from tideform.resources.actions import actions
from tideform.resources.base import PartOf, ResourceType
from tideform.resources.costs import FREE, Cost, Planned, Price, by_use
from tideform.resources.ec2_lookups import by_filters, described, tagged
from tideform.resources.identity import Inputs
from tideform.resources.inventory import Area, Leftover, Place, tags_of

if TYPE_CHECKING:
    from tideform.cloud import Cloud

_ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
_GONE = ("deleted", "deleting")


def route_table_association(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The association of this subnet with this table."""
    for table in described(cloud, "route_tables", [{"Name": "route-table-id", "Values": [inputs["routeTableId"]]}]):
        for association in table.get("Associations", ()):
            if association.get("SubnetId") == inputs.get("subnetId"):
                yield str(association["RouteTableAssociationId"])


def endpoints(place: Place) -> Iterator[Leftover]:
    """VPC endpoints; an interface endpoint is billed for each zone it stands in."""
    for found in place.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints"):
        tags = tags_of(found)
        if found["State"].lower() in _GONE:
            continue
        is_interface = found["VpcEndpointType"] == "Interface"
        zones = len(found.get("SubnetIds") or ())
        price = zones * place.prices.services["ec2:interface-endpoint"].hourly if is_interface else None
        endpoint = Leftover("ec2", "VPC endpoint", found["VpcEndpointId"], found["ServiceName"], price)
        yield from place.claim(endpoint, tags.get("Name", ""), tags)


def _endpoint_prices(planned: Planned) -> Iterator[Price]:
    if planned.inputs.get("vpcEndpointType") != "Interface":
        return  # a gateway endpoint costs nothing
    subnets = planned.inputs.get("subnetIds")
    zones = len(subnets) if isinstance(subnets, list | tuple) else planned.deployment.spec.network.zone_count
    hourly = book().services["ec2:interface-endpoint"].hourly * zones
    yield Price(f"interface endpoint in {zones} zones", hourly, "data priced by use")


TYPES = (
    ResourceType(
        "aws:ec2/vpc:Vpc",
        terraform="aws_vpc",
        identify=by_filters("vpcs", "VpcId", {"cidr": "cidrBlock"}),
        cost=FREE,
        inventory=Area("EC2 VPCs", tagged("describe_vpcs", "Vpcs", "VpcId", "VPC")),
        actions=actions(
            "ec2",
            create="CreateVpc",
            read="DescribeVpcs DescribeVpcAttribute DescribeNetworkAcls DescribeRouteTables DescribeSecurityGroups",
            update="ModifyVpcAttribute",
            delete="DeleteVpc",
            tag="CreateTags DeleteTags",
        ),
    ),
    ResourceType(
        "aws:ec2/subnet:Subnet",
        terraform="aws_subnet",
        identify=by_filters("subnets", "SubnetId", {"vpc-id": "vpcId", "cidr-block": "cidrBlock"}),
        cost=FREE,
        inventory=Area("EC2 subnets", tagged("describe_subnets", "Subnets", "SubnetId", "subnet")),
        actions=actions(
            "ec2",
            create="CreateSubnet",
            read="DescribeSubnets",
            update="ModifySubnetAttribute",
            delete="DeleteSubnet DescribeNetworkInterfaces",
            tag="CreateTags DeleteTags",
        ),
    ),
    ResourceType(
        _ROUTE_TABLE,
        terraform="aws_route_table",
        identify=by_filters("route_tables", "RouteTableId", {"vpc-id": "vpcId"}),
        cost=FREE,
        inventory=Area(
            "EC2 route tables", tagged("describe_route_tables", "RouteTables", "RouteTableId", "route table")
        ),
        actions=actions(
            "ec2",
            create="CreateRouteTable CreateRoute",
            read="DescribeRouteTables",
            update="CreateRoute ReplaceRoute DeleteRoute",
            delete="DeleteRouteTable DisassociateRouteTable",
            tag="CreateTags DeleteTags",
        ),
    ),
    ResourceType(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        terraform="aws_route_table_association",
        identify=route_table_association,
        cost=FREE,
        inventory=PartOf(_ROUTE_TABLE),
        actions=actions(
            "ec2",
            create="AssociateRouteTable",
            read="DescribeRouteTables",
            update="ReplaceRouteTableAssociation",
            delete="DisassociateRouteTable",
        ),
    ),
    ResourceType(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        terraform="aws_vpc_endpoint",
        identify=by_filters("vpc_endpoints", "VpcEndpointId", {"vpc-id": "vpcId", "service-name": "serviceName"}),
        cost=Cost(_endpoint_prices),
        inventory=Area("EC2 VPC endpoints", endpoints),
        actions=actions(
            "ec2",
            create="CreateVpcEndpoint",
            read="DescribeVpcEndpoints DescribePrefixLists",
            update="ModifyVpcEndpoint",
            delete="DeleteVpcEndpoints",
            tag="CreateTags DeleteTags",
        ),
    ),
    ResourceType(
        "aws:ec2/flowLog:FlowLog",
        terraform="aws_flow_log",
        identify=by_filters("flow_logs", "FlowLogId", {"resource-id": "vpcId"}),
        cost=by_use("flow log data"),
        inventory=Area("EC2 flow logs", tagged("describe_flow_logs", "FlowLogs", "FlowLogId", "flow log")),
        actions=actions(
            "ec2",
            create="CreateFlowLogs",
            read="DescribeFlowLogs",
            delete="DeleteFlowLogs",
            tag="CreateTags DeleteTags",
            passes=("vpc-flow-logs",),
        ),
    ),
)
