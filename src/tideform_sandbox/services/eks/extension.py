"""EKS: a cluster stands in two zones at least. moto takes any subnets, also such as are not there."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import ec2_backends
from moto.eks.models import EKSBackend

from tideform_sandbox.extension.nouns import Store
from tideform_sandbox.extension.request import AwsError, put


def install(_: Store) -> None:
    """Extend moto's EKS."""
    create = EKSBackend.create_cluster

    def in_two_zones(self: Any, *args: Any, **given: Any) -> Any:
        _require_zones(self, given.get("resources_vpc_config") or {})
        return create(self, *args, **given)

    put(EKSBackend, "create_cluster", in_two_zones)


def _require_zones(backend: Any, network: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html"""
    by_zone = ec2_backends[backend.account_id][backend.region_name].subnets
    zones = {subnet: zone for zone, subnets in by_zone.items() for subnet in subnets}
    named = network.get("subnetIds") or []
    if named and zones.keys() >= {*named} and len({zones[one] for one in named}) < 2:
        raise AwsError("InvalidParameterException", "Subnets specified must be in at least two different AZs")
