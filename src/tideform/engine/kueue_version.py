"""Which version of Kueue's API a pool's objects are written in: the cluster is asked before its programs run."""

from __future__ import annotations

import os
from dataclasses import replace

from tideform.components.kubernetes.names import KUEUE, KUEUE_VERSIONS
from tideform.kube import Kube, KubeError
from tideform.registry.training import on_cluster
from tideform.spec.deployment import Deployment
from tideform.spec.project import Cluster

_KUBECONFIG = "TIDEFORM_KUBECONFIG"


def with_kueue_version(deployment: Deployment) -> Deployment:
    """The deployment with the newest version that is known here and served there, where its spec says none.

    A cluster of ours has the Kueue that we install. One that does not answer leaves the newest: a plan can be made
    without it, and whoever applies to it is told by the API itself.
    """
    cluster = deployment.spec.cluster or Cluster()
    given = os.environ.get(_KUBECONFIG)
    if cluster.kueue or not (given or cluster.existing) or not on_cluster(deployment.spec.training):
        return deployment
    try:
        served = Kube.of_kubeconfig(given or None, cluster.existing).groups().get(KUEUE, ())
    except KubeError:
        return deployment
    found = next((version for version in KUEUE_VERSIONS if version in served), None)
    chosen = cluster.model_copy(update={"kueue": found})
    return replace(deployment, spec=deployment.spec.model_copy(update={"cluster": chosen}))
