"""A pool's nodes as the cluster knows them: machines of EC2, or simulated ones."""

from __future__ import annotations

from datetime import datetime

from tideform.backends.training.eks.objects import Object, condition, label
from tideform.burst.runner import Instance
from tideform.components.kubernetes.names import LABEL
from tideform.kube import Kube

_SPOT = "karpenter.sh/capacity-type"
_TYPE = "node.kubernetes.io/instance-type"


def of_pool(kube: Kube, pool: str, *, ready: bool = False) -> list[Instance]:
    """The nodes with the pool's label; with ``ready`` those that take pods."""
    found = kube.find("v1", "Node", labels={LABEL: pool})
    return [_instance(each) for each in found if not ready or condition(each, "Ready")]


def _instance(node: Object) -> Instance:
    """``providerID`` ends in the instance's id: ``aws:///eu-west-1a/i-0abc``."""
    metadata = node["metadata"]
    made = datetime.fromisoformat(metadata["creationTimestamp"].replace("Z", "+00:00")).timestamp()
    state = "shutting-down" if metadata.get("deletionTimestamp") else "running"
    identity = str(node["spec"].get("providerID") or metadata["name"]).rpartition("/")[2]
    return Instance(identity, label(node, _TYPE), state, label(node, _SPOT) == "spot", made)
