"""Who may talk to whom inside the network: two security groups, every rule spelled out."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.scope import Scope


class Firewall(Component):
    """``workload`` is for jobs and endpoints, ``endpoints`` for the doors to AWS services.

    ``prefix_lists`` are the gateway endpoints' address lists by service. In a network that exists already there are
    none, and how it reaches AWS is its owner's business: there workloads may speak HTTPS to any address.
    """

    def __init__(
        self,
        scope: Scope,
        vpc_id: pulumi.Input[str],
        *,
        prefix_lists: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("firewall", scope, opts)
        self.vpc_id = vpc_id
        self.workload = self._group("workload", "Training jobs and model endpoints")
        self.endpoints = self._group("endpoints", "Interface endpoints of AWS services")
        self._peers()
        self._doors()
        for service, prefix_list in prefix_lists.items():
            self._egress(service, f"HTTPS to {service}", prefix_list_id=prefix_list)
        if not prefix_lists:
            self._egress("https", "HTTPS by the routes of the network", cidr_ipv4="0.0.0.0/0")

    def _group(self, part: str, description: str) -> aws.ec2.SecurityGroup:
        name = self.scope.name(part, limit=255)
        return aws.ec2.SecurityGroup(
            part,
            name=name,
            description=description,
            vpc_id=self.vpc_id,
            tags=self.scope.tags(name),
            opts=self.named(),
        )

    def _peers(self) -> None:
        """Nodes of one multi-node job talk to each other on ports of their own choosing."""
        tags = self.scope.tags(self.scope.name("peers"))
        aws.vpc.SecurityGroupIngressRule(
            "peers",
            security_group_id=self.workload.id,
            referenced_security_group_id=self.workload.id,
            ip_protocol="-1",
            description="Between nodes of a job",
            tags=tags,
            opts=self.named(),
        )
        aws.vpc.SecurityGroupEgressRule(
            "peers",
            security_group_id=self.workload.id,
            referenced_security_group_id=self.workload.id,
            ip_protocol="-1",
            description="Between nodes of a job",
            tags=tags,
            opts=self.named(),
        )

    def _doors(self) -> None:
        self._egress("doors", "HTTPS to the endpoints", referenced_security_group_id=self.endpoints.id)
        aws.vpc.SecurityGroupIngressRule(
            "doors",
            security_group_id=self.endpoints.id,
            referenced_security_group_id=self.workload.id,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            description="HTTPS from workloads",
            tags=self.scope.tags(self.scope.name("doors")),
            opts=self.named(),
        )

    def _egress(
        self,
        name: str,
        description: str,
        *,
        prefix_list_id: pulumi.Input[str] | None = None,
        referenced_security_group_id: pulumi.Input[str] | None = None,
        cidr_ipv4: str | None = None,
    ) -> None:
        aws.vpc.SecurityGroupEgressRule(
            name,
            security_group_id=self.workload.id,
            prefix_list_id=prefix_list_id,
            referenced_security_group_id=referenced_security_group_id,
            cidr_ipv4=cidr_ipv4,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            description=description,
            tags=self.scope.tags(self.scope.name(name)),
            opts=self.named(),
        )
