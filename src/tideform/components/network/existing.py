"""A network that somebody else made and keeps: we only add our two security groups to it."""

from __future__ import annotations

import pulumi

from tideform.components.base import Component
from tideform.components.network.firewall import Firewall
from tideform.components.scope import Scope


class ExistingNetwork(Component):
    """The VPC and subnets named in the spec. Endpoints, routes and flow logs are its owner's."""

    def __init__(self, scope: Scope, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("network", scope, opts)
        network = scope.deployment.spec.network
        assert network.existing is not None, "the caller picks this class by it"  # noqa: S101
        self.vpc_id: pulumi.Input[str] = network.existing
        self.subnet_ids: list[pulumi.Input[str]] = list(network.subnets)
        self.firewall = Firewall(scope, self.vpc_id, prefix_lists={}, opts=self.nameless)
