"""Jobs for simulated pods, and what a cluster does with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.kubernetes.cluster import Cluster
from tests.kubernetes.rendered import GPUS_A_NODE, Object, apply_all, pool_objects
from tests.kubernetes.services import wait_for

QUEUE = "bursts"
_SECONDS = 240.0  # generous: the machine may be busy with other things


class PoolInCluster:
    """One pool of ours in the cluster, with its queue open, and eyes on what it holds."""

    def __init__(self, cluster: Cluster, name: str, **fields: Any) -> None:
        self.cluster, self.api = cluster, cluster.api
        objects = pool_objects(name, **fields)
        apply_all(self.api, objects)
        (space,) = [each for each in objects if each["kind"] == "Namespace"]
        self.id: str = space["metadata"]["name"]

    def open(self) -> None:
        """Let jobs in, as the start of a burst does."""
        self.api.patch("kueue.x-k8s.io/v1beta1", "LocalQueue", QUEUE, self.id, {"spec": {"stopPolicy": "None"}})

    def submit(self, name: str, *, nodes: int, runs: str | None, deadline: int = 3600) -> Object:
        """Queue a gang that takes all accelerators of ``nodes`` nodes and runs for ``runs``, or for ever."""
        return self.api.create(job(name, self.id, nodes=nodes, runs=runs, deadline=deadline))

    def nodes(self) -> list[Object]:
        """The pool's nodes that are there."""
        return self.api.find("v1", "Node", labels={"tideform.dev/pool": self.id})

    def claims(self) -> list[Object]:
        """What Karpenter asked the cloud for and still pays for."""
        return self.api.find("karpenter.sh/v1", "NodeClaim", labels={"karpenter.sh/nodepool": self.id})

    def pods(self, job_name: str) -> list[Object]:
        """The pods of one job."""
        return self.api.find("v1", "Pod", self.id, labels={"batch.kubernetes.io/job-name": job_name})

    def admitted(self, job_name: str) -> bool:
        """Whether Kueue let the job in: it lifts the suspension of the whole gang."""
        found = self.api.get("batch/v1", "Job", job_name, self.id)
        return found is not None and not found["spec"].get("suspend")

    def condition(self, job_name: str) -> tuple[str, str] | None:
        """How a job ended: ``("Complete", …)`` or ``("Failed", "DeadlineExceeded")``."""
        found = self.api.get("batch/v1", "Job", job_name, self.id) or {}
        for each in found.get("status", {}).get("conditions") or []:
            if each["type"] in ("Complete", "Failed") and each["status"] == "True":
                return each["type"], each.get("reason", "")
        return None

    def wait(self, what: str, ask: Callable[[], Any], seconds: float = _SECONDS) -> Any:
        """The first answer that is not empty."""
        return wait_for(f"{self.id}: {what}", ask, seconds, self.cluster.services)

    def gone(self) -> bool:
        """Whether nothing of the pool costs money."""
        return not self.nodes() and not self.claims()


def job(name: str, namespace: str, *, nodes: int, runs: str | None, deadline: int = 3600) -> Object:
    """The least that a queued gang needs."""
    container = {
        "name": "train",
        "image": "trainer",
        "resources": {"limits": {"nvidia.com/gpu": GPUS_A_NODE, "cpu": "40", "memory": "100Gi"}},
    }
    pod = {
        "metadata": {"annotations": {"tideform.test/runs": runs} if runs else {}},
        "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [container]},
    }
    spec = {
        "suspend": True,
        "completionMode": "Indexed",
        "parallelism": nodes,
        "completions": nodes,
        "backoffLimit": 0,
        "activeDeadlineSeconds": deadline,
        "template": pod,
    }
    metadata = {"name": name, "namespace": namespace, "labels": {"kueue.x-k8s.io/queue-name": QUEUE}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}
