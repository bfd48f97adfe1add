"""What is there of EKS. Machines of a pool are EC2's; what lies inside of a cluster goes with it, and what costs money
by itself there is a machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tideform.resources.inventory import Leftover, Place


def clusters(place: Place) -> Iterator[Leftover]:
    """Control planes; each costs money by the hour."""
    price = place.prices.services["eks:cluster"].hourly
    for found in _clusters(place):
        leftover = Leftover("eks", "cluster", found["name"], hourly_usd=price, note=found["status"].lower())
        yield from place.claim(leftover, found["name"], found.get("tags") or {})


def node_groups(place: Place) -> Iterator[Leftover]:
    """Node groups, with what their machines cost: those are not tagged as ours."""
    eks = place.cloud.client("eks")
    for cluster in _ours(place):
        for name in place.pages("eks", "list_nodegroups", "nodegroups", clusterName=cluster):
            found = eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
            count, kind = found["scalingConfig"]["desiredSize"], (found.get("instanceTypes") or [""])[0]
            known = place.prices.known(kind)
            price = known.on_demand_usd * count if known else None
            group = Leftover("eks", "node group", f"{cluster}/{name}", name, price, f"{count} x {kind}")
            yield from place.claim(group, name, found.get("tags") or {})


def access_entries(place: Place) -> Iterator[Leftover]:
    """Who may use a cluster of ours; they go with it."""
    eks = place.cloud.client("eks")
    for cluster in _ours(place):
        for principal in place.pages("eks", "list_access_entries", "accessEntries", clusterName=cluster):
            found = eks.describe_access_entry(clusterName=cluster, principalArn=principal)["accessEntry"]
            entry = Leftover("eks", "access entry", f"{cluster}/{principal.rpartition('/')[2]}", principal)
            yield from place.claim(entry, "", found.get("tags") or {})


def pod_identities(place: Place) -> Iterator[Leftover]:
    """Which roles a cluster's pods get; they go with it."""
    eks = place.cloud.client("eks")
    for cluster in _ours(place):
        for each in place.pages("eks", "list_pod_identity_associations", "associations", clusterName=cluster):
            identity = each["associationId"]
            where = {"clusterName": cluster, "associationId": identity}
            found = eks.describe_pod_identity_association(**where)["association"]
            named = f"{found['namespace']}/{found['serviceAccount']}"
            leftover = Leftover("eks", "pod identity", f"{cluster}/{identity}", named)
            yield from place.claim(leftover, "", found.get("tags") or {})


def _clusters(place: Place) -> Iterator[dict[str, Any]]:
    eks = place.cloud.client("eks")
    for name in place.pages("eks", "list_clusters", "clusters"):
        yield eks.describe_cluster(name=name)["cluster"]


def _ours(place: Place) -> Iterator[str]:
    """The clusters of this project and environment; a unit's parts lie in its environment's."""
    mine = {"tideform:project": place.deployment.spec.project, "tideform:environment": place.deployment.environment}
    for found in _clusters(place):
        tags = found.get("tags") or {}
        if all(tags.get(key) == value for key, value in mine.items()):
            yield found["name"]
