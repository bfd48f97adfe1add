"""Whether the network that the spec names is there as it says: asked of EC2, since ids come from outside.

An apply would find it out half-way, or a compute environment would turn invalid later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tideform.diagnostics import Diagnostic, Severity
from tideform.pools.zones import FEWEST_OF_A_CLUSTER, makes_cluster

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment

_PATH = "network.subnets"


def network_findings(deployment: Deployment) -> tuple[Diagnostic, ...]:
    """What is wrong with the existing network of the spec; nothing is asked where tideform makes one."""
    network = deployment.spec.network
    if network.existing is None:
        return ()
    from tideform.connect import cloud_for

    cloud = cloud_for(deployment)
    if not _known(cloud, "describe_vpcs", "Vpcs", "vpc-id", [network.existing]):
        return (_wrong(f"{network.existing} is not there in {deployment.region}.", "network.existing"),)
    subnets = _known(cloud, "describe_subnets", "Subnets", "subnet-id", network.subnets)
    return tuple(_subnets(deployment, network.existing, {s["SubnetId"]: s for s in subnets}))


def _subnets(deployment: Deployment, vpc: str, found: dict[str, dict[str, Any]]) -> Iterator[Diagnostic]:
    for subnet in deployment.spec.network.subnets:
        if subnet not in found:
            yield _wrong(f"{subnet} is not there in {deployment.region}.")
        elif found[subnet]["VpcId"] != vpc:
            yield _wrong(f"{subnet} belongs to {found[subnet]['VpcId']}, not to {vpc}.")
    yield from _zones_of_cluster(deployment, found)
    zones = Counter(str(subnet["AvailabilityZone"]) for subnet in found.values())
    for zone, count in sorted(zones.items()):
        if count > 1:
            inside = ", ".join(sorted(key for key, subnet in found.items() if subnet["AvailabilityZone"] == zone))
            yield Diagnostic(
                "TD338",
                Severity.WARNING,
                "Several subnets are in one zone",
                detail=f"{inside} are all in {zone}: they add addresses, and no other zone to find capacity in.",
                fix="Name one subnet a zone, unless their addresses are needed.",
                path=_PATH,
            )


def _zones_of_cluster(deployment: Deployment, found: dict[str, dict[str, Any]]) -> Iterator[Diagnostic]:
    """Once all are there: an absent one may be the second zone."""
    zones = {str(subnet["AvailabilityZone"]) for subnet in found.values()}
    complete = len(found) == len(deployment.spec.network.subnets)
    if complete and makes_cluster(deployment.spec) and len(zones) < FEWEST_OF_A_CLUSTER:
        yield _wrong(
            f"The subnets are in {', '.join(sorted(zones))} alone, and a cluster of EKS stands in "
            f"{FEWEST_OF_A_CLUSTER} zones at least."
        )


def _known(cloud: Cloud, operation: str, noun: str, key: str, ids: Sequence[str]) -> list[dict[str, Any]]:
    """By a filter and not by id: an id that is not there would hide the others behind an error."""
    filters = [{"Name": key, "Values": list(ids)}]
    pages = cloud.client("ec2").get_paginator(operation).paginate(Filters=filters)
    return [dict(entry) for page in pages for entry in page[noun]]


def _wrong(detail: str, path: str = _PATH) -> Diagnostic:
    return Diagnostic(
        "TD337",
        Severity.ERROR,
        "The existing network is not as the spec says",
        detail=detail,
        fix="Name a VPC of the environment's account and region, and subnets of that VPC.",
        path=path,
    )
