"""A private network: subnets without a way to the internet, and doors to just the AWS services in use."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.network.endpoints import interface_services, service_name
from tideform.components.network.firewall import Firewall
from tideform.components.scope import Scope
from tideform.components.served import served
from tideform.pools.zones import subnet_block, zone_names


class Network(Component):
    """A VPC of our own with one private subnet a zone. There is no internet gateway, hence no public address."""

    def __init__(self, scope: Scope, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("network", scope, opts)
        self.vpc = aws.ec2.Vpc(
            "vpc",
            cidr_block=scope.deployment.spec.network.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,  # interface endpoints take over the services' public names
            tags=scope.tags(scope.deployment.name),
            opts=self.nameless,
        )
        self.vpc_id = self.vpc.id
        self.routes = aws.ec2.RouteTable(
            "private", vpc_id=self.vpc_id, tags=scope.tags(scope.name("private")), opts=self.nameless
        )
        self.subnet_ids = [subnet.id for subnet in self._subnets()]
        self._lock_default_group()
        gateways = {service: self._gateway(service) for service in ("s3", "dynamodb")}
        self.firewall = Firewall(
            scope,
            self.vpc_id,
            prefix_lists={service: gateway.prefix_list_id for service, gateway in gateways.items()},
            opts=self.nameless,
        )
        for service in interface_services(scope.deployment.spec, served(scope.deployment).values()):
            self._door(service)

    def _subnets(self) -> list[aws.ec2.Subnet]:
        network = self.scope.deployment.spec.network
        zones = zone_names(self.scope.deployment)
        return [self._subnet(zone, subnet_block(network.cidr, zone)) for zone in zones]

    def _subnet(self, zone: str, block: str) -> aws.ec2.Subnet:
        name = f"private-{zone}"
        subnet = aws.ec2.Subnet(
            name,
            vpc_id=self.vpc_id,
            availability_zone=zone,
            cidr_block=block,
            map_public_ip_on_launch=False,
            tags=self.scope.tags(self.scope.name(name)),
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),  # the block is taken till then
        )
        aws.ec2.RouteTableAssociation(
            name,
            subnet_id=subnet.id,
            route_table_id=self.routes.id,
            opts=self.named(),
        )
        return subnet

    def _lock_default_group(self) -> None:
        """Take every rule out of the group that AWS puts things in when nobody names one."""
        aws.ec2.DefaultSecurityGroup(
            "locked",
            vpc_id=self.vpc_id,
            ingress=[],
            egress=[],
            tags=self.scope.tags(self.scope.name("locked-default")),
            opts=self.nameless,
        )

    def _gateway(self, service: str) -> aws.ec2.VpcEndpoint:
        return aws.ec2.VpcEndpoint(
            service,
            vpc_id=self.vpc_id,
            service_name=service_name(service, self.scope.region),
            vpc_endpoint_type="Gateway",
            route_table_ids=[self.routes.id],
            tags=self.scope.tags(self.scope.name(service)),
            opts=self.named(),
        )

    def _door(self, service: str) -> None:
        aws.ec2.VpcEndpoint(
            service,
            vpc_id=self.vpc_id,
            service_name=service_name(service, self.scope.region),
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=self.subnet_ids,
            security_group_ids=[self.firewall.endpoints.id],
            tags=self.scope.tags(self.scope.name(service)),
            opts=self.named(),  # two endpoints of one private name cannot coexist
        )
