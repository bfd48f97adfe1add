"""What a cluster of ours asks of the network that it stands in."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.diagnostics import Diagnostic
from tideform.pools.zones import FEWEST_OF_A_CLUSTER, makes_cluster
from tideform.spec.problems import problem
from tideform.spec.project import Project
from tideform.words import counted


def cluster_problems(spec: Project) -> Iterator[Diagnostic]:
    """Too few zones. Of an existing network a plan asks EC2 (`operations.existing_network`)."""
    network = spec.network
    if network.existing is None and makes_cluster(spec) and network.zone_count < FEWEST_OF_A_CLUSTER:
        yield problem(
            "TD188",
            f"A cluster of EKS stands in {FEWEST_OF_A_CLUSTER} zones at least, and the network has "
            f"{counted(network.zone_count, 'zone')}: EKS would refuse it in the middle of an apply.",
            fix=f"Write zones: {FEWEST_OF_A_CLUSTER}, or name an existing cluster; a pool's own zones may be fewer.",
            path="network.zones",
        )
