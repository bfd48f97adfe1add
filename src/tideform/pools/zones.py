"""Which availability zones a network is in, so that a plan need not ask AWS.

Zone letters are per account but stable: an account never loses one. One whose zones differ from `zone_letters` names
them in the spec.
"""

from __future__ import annotations

from ipaddress import IPv4Network

from tideform.registry.training import features, on_cluster
from tideform.spec.deployment import Deployment
from tideform.spec.project import Project
from tideform.spec.regions import zone_letters
from tideform.spec.training import Pool

_ALL = "abcdefgh"
FEWEST_OF_A_CLUSTER = 2  # zones; https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html


def zone_names(deployment: Deployment) -> list[str]:
    """The zones of the deployment's own network: those that the spec names, or the first so many of the region."""
    region, zones = deployment.region, deployment.spec.network.zones
    letters = zone_letters(region)[:zones] if isinstance(zones, int) else zones
    return [f"{region}{letter}" for letter in letters]


def makes_cluster(spec: Project) -> bool:
    """Whether some pool wants a cluster, and none is named that exists."""
    existing = spec.cluster is not None and spec.cluster.existing is not None
    return not existing and bool(on_cluster(spec.training))


def in_one_zone(pool: Pool) -> bool:
    """Whether the pool's machines have to be in one zone."""
    return pool.interconnect == "efa" or (pool.job.nodes > 1 and features(pool.backend).gangs_in_one_zone)


def subnet_block(cidr: str, zone: str) -> str:
    """The block of ``cidr`` for a zone, an eighth of it whatever the others are: one zone more must not move them.

    A subnet in use cannot go, and no other can take its addresses. Raises `ValueError` where ``cidr`` is no network.
    """
    known = zone_letters(zone[:-1])
    order = known + "".join(letter for letter in _ALL if letter not in known)
    return str(list(IPv4Network(cidr).subnets(prefixlen_diff=3))[order.index(zone[-1])])
