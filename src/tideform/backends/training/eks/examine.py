"""``tideform doctor`` on an existing cluster: does it serve what bursts on it need, in versions that are known here?"""

from __future__ import annotations

import os
from pathlib import Path

from tideform.backends.training.eks.access import KUBECONFIG
from tideform.backends.training.eks.controllers import look
from tideform.components.kubernetes.efa import wants_adapters
from tideform.errors import TideformError
from tideform.kube import Kube, KubeError
from tideform.model.check import Check
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
        gangs, adapters = any(pool.job.nodes > 1 for pool in pools), any(map(wants_adapters, pools))
        found = look(kube, gangs=gangs, adapters=adapters)
    except KubeError as error:
        return [_check(f"its API cannot be asked: {error}")]
    serves = "; ".join([f"{existing} serves all that bursts need", *found.remarks])
    return [_check("; ".join(found.lacking), serves)]


def _check(wrong: str, well: str = "") -> Check:
    return Check("kubernetes", not wrong, wrong or well, _FIX, needed=False)
