"""What a pool on Kubernetes needs around it: a real control plane, with instances of the sandbox behind its nodes.

The cluster's clock is the machine's, and does not move with the sandbox's: what bounds jobs and nodes in the cluster
itself does not act in the minutes that a cell of the reaper takes, and the reaper has to end everything by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from tests.e2e.workspaces import Workspace, applied
from tests.faults.dead_man import cluster_brakes
from tests.faults.dead_man.machines import Machines
from tideform.local import client


class Needs(TypedDict):
    """What every case here has; simulated pods know `sleep` alone."""

    short: tuple[str, ...]
    for_good: tuple[str, ...]
    missing: Callable[[], str]


def missing() -> str:
    """Why no cluster could be started; empty where one can."""
    from tests.kubernetes import versions

    found = [part.name for part in versions.PARTS if not part.folder.is_dir()]
    return f"a real control plane; `make test-kubernetes` builds it ({', '.join(found)})" if found else ""


NEEDS: Needs = {"short": ("sleep", "1"), "for_good": ("sleep", "infinity"), "missing": missing}


@contextmanager
def within_reach(root: Path, spec: str) -> Iterator[Workspace]:
    """An applied workspace whose EKS tells the cluster's address: the reaper's function gets to its API."""
    with _surrounded(root, spec, reach=True) as workspace:
        yield workspace


@contextmanager
def out_of_reach(root: Path, spec: str) -> Iterator[Workspace]:
    """An applied workspace whose EKS tells an address at which nobody answers, as from outside a private network."""
    with _surrounded(root, spec, reach=False) as workspace:
        yield workspace


@contextmanager
def expiring(root: Path, spec: str) -> Iterator[Workspace]:
    """As `out_of_reach`, and nodes drain for a short while only, where the pool has five minutes for it."""
    with _surrounded(root, spec, reach=False) as workspace:
        cluster_brakes.drain_shortly(workspace)
        yield workspace


@contextmanager
def _surrounded(root: Path, spec: str, *, reach: bool) -> Iterator[Workspace]:
    from tests.kubernetes.cluster import Cluster
    from tideform.components.kubernetes.names import EksNames

    with Cluster() as cluster, applied(root, spec, TIDEFORM_KUBECONFIG=str(cluster.kubeconfig)) as workspace:
        if reach:
            client.move_clusters(workspace.folder, cluster.address, cluster.authority)
        role = EksNames(workspace.deployment).karpenter_role
        with Machines(cluster.api, workspace.cloud, role) as machines:
            yield workspace
        print(f"Karpenter launched {machines.launched} instances, and was refused {machines.refused}", flush=True)
