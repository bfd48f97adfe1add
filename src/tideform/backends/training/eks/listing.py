"""The jobs of a pool in its cluster, of whichever kind, and which of them are over."""

from __future__ import annotations

from tideform.backends.training.eks.objects import Object, condition
from tideform.components.kubernetes.names import LABEL
from tideform.kube import Kube

_KINDS = (("batch/v1", "Job"), ("jobset.x-k8s.io/v1alpha2", "JobSet"))
_FINISHED = ("Complete", "Completed", "Failed")
_HOLD = "hold-"


def jobs_of(kube: Kube, space: str) -> list[Object]:
    """Every job of the pool with this namespace, those that are over and those that merely hold nodes included."""
    return [
        {**each, "apiVersion": api_version, "kind": kind}
        for api_version, kind in _KINDS
        for each in kube.find(api_version, kind, space, labels={LABEL: space})
    ]


def over(job: Object) -> bool:
    """Whether it has ended, well or not."""
    return condition(job, *_FINISHED) is not None


def holds(job: Object) -> bool:
    """Whether it merely keeps a node there."""
    return str(job["metadata"]["name"]).startswith(_HOLD)
