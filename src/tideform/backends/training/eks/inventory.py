"""What is left of a pool in its cluster: jobs, pods that run, node claims, nodes, and a queue that lets jobs in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tideform.backends.training.eks.access import Access
from tideform.components.kubernetes.names import LABEL, LOCAL_QUEUE, EksNames
from tideform.kube import Kube
from tideform.reaper import kubernetes_groups as groups
from tideform.resources.inventory import Area, Leftover, Place

_OVER = ("Succeeded", "Failed")
_FINISHED = ("Complete", "Completed", "Failed")


def capacity(place: Place) -> Iterator[Leftover]:
    """Of the pool that the place is about. Raises `TideformError` and `KubeError` where the API cannot be asked."""
    access = Access(place.cloud, place.deployment)
    if place.unit is None or access.none:
        return
    pool, kube = EksNames(place.deployment, place.unit).pool_id, access.kube
    there = kube.groups()
    yield from _jobs(kube, there, pool)
    for pod in kube.find("v1", "Pod", pool, labels={LABEL: pool}):
        if (pod.get("status") or {}).get("phase") not in _OVER:
            yield _leftover("pod", pod)
    if version := groups.version(there, groups.KARPENTER):
        for claim in kube.find(version, "NodeClaim", labels={"karpenter.sh/nodepool": pool}):
            yield _leftover("node claim", claim)
    for node in kube.find("v1", "Node", labels={LABEL: pool}):
        yield _leftover("node", node)
    if version := groups.version(there, groups.KUEUE):
        queue = kube.get(version, "LocalQueue", LOCAL_QUEUE, pool)
        if queue is not None and (queue["spec"].get("stopPolicy") or "None") == "None":
            yield Leftover("kubernetes", "open queue", f"{pool}/{LOCAL_QUEUE}", note="it lets jobs in")


def _jobs(kube: Kube, there: groups.Groups, pool: str) -> Iterator[Leftover]:
    """Those that are not over: one that is keeps what it said for an hour, and costs nothing."""
    kinds = [("batch/v1", "Job")]
    kinds += [(v, kind) for group, kind in _SETS if (v := groups.version(there, group))]
    for version, kind in kinds:
        for job in kube.find(version, kind, pool):
            conditions = (job.get("status") or {}).get("conditions") or ()
            if not any(each["type"] in _FINISHED and each.get("status") == "True" for each in conditions):
                yield _leftover(kind.lower(), job)


_SETS = ((groups.JOBSET, "JobSet"), (groups.TRAINER, "TrainJob"))


def _leftover(kind: str, found: dict[str, Any]) -> Leftover:
    metadata = found["metadata"]
    holders = ", ".join(metadata.get("finalizers") or ())
    note = f"held by {holders}" if metadata.get("deletionTimestamp") and holders else ""
    space = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return Leftover("kubernetes", kind, f"{space}{metadata['name']}", note=note)


AREA = Area("The Kubernetes API", capacity)
