"""The network: VPCs and what stands in them."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.burst.inventory.base import Area, Find, Leftover, Place, tags_of

_GONE = ("deleted", "deleting")


def _tagged(operation: str, key: str, id_key: str, kind: str) -> Find:
    """A question about one EC2 noun that is known by its tags."""

    def find(place: Place) -> Iterator[Leftover]:
        for found in place.pages("ec2", operation, key):
            tags = tags_of(found)
            name = tags.get("Name") or found.get("GroupName", "")
            yield from place.claim(Leftover("ec2", kind, found[id_key], name), name, tags)

    return find


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


AREAS = (
    Area("EC2 VPCs", _tagged("describe_vpcs", "Vpcs", "VpcId", "VPC")),
    Area("EC2 subnets", _tagged("describe_subnets", "Subnets", "SubnetId", "subnet")),
    Area("EC2 route tables", _tagged("describe_route_tables", "RouteTables", "RouteTableId", "route table")),
    Area("EC2 security groups", _tagged("describe_security_groups", "SecurityGroups", "GroupId", "security group")),
    Area("EC2 flow logs", _tagged("describe_flow_logs", "FlowLogs", "FlowLogId", "flow log")),
    Area("EC2 VPC endpoints", endpoints),
)
