"""``tideform doctor`` on an existing cluster: does it serve what bursts on it need, in versions that are known here?"""

from __future__ import annotations

import os
from pathlib import Path

from tideform.burst.eks.access import KUBECONFIG
from tideform.burst.eks.controllers import lacks
from tideform.doctor import Check
from tideform.errors import TideformError
from tideform.kube import Kube, KubeError
from tideform.spec.load import load

_FIX = "Install or upgrade what is named; docs/how-to/run-a-pool-on-kubernetes.md has the versions."


def cluster_checks(spec: Path) -> list[Check]:
    """One check where the spec has pools on an existing cluster; none otherwise, or where the spec cannot be read.

    It is the only one that asks anybody: the cluster's API.
    """
    try:
        project = load(spec, None).deployment.spec
    except TideformError:
        return []  # `tideform validate` tells what is wrong with it
    pools = [pool for pool in project.training.values() if pool.backend == "eks"]
    existing = project.cluster.existing if project.cluster else None
    if not pools or existing is None:
        return []
    try:
        kube = Kube.of_kubeconfig(os.environ.get(KUBECONFIG) or None, existing)
        gangs = any(pool.job.nodes > 1 for pool in pools)
        found = "; ".join(lacks(kube.groups(), kube.request("GET", "/version"), gangs=gangs))
    except KubeError as error:
        found = f"its API cannot be asked: {error}"
    return [Check("kubernetes", not found, found or f"{existing} serves all that bursts need", _FIX, needed=False)]
