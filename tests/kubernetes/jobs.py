"""A pool of ours in a cluster, its jobs as a burst submits them, and what the cluster makes of both."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.kubernetes.cluster import Cluster
from tests.kubernetes.rendered import Object, apply_all, pool_deployment, pool_objects
from tests.kubernetes.services import wait_for
from tideform.backends.training.eks import manifests
from tideform.burst.lease import Lease, Mode, new_lease
from tideform.burst.runner import Work
from tideform.components.kubernetes.names import LABEL, LEASE_LABEL, LOCAL_QUEUE, EksNames

_SECONDS = 240.0  # generous: the machine may be busy with other things
KINDS = {"Job": "batch/v1", "JobSet": "jobset.x-k8s.io/v1alpha2"}
_OVER = ("Complete", "Completed", "Failed")


class Burst:
    """One submitted job: a Job or a JobSet."""

    def __init__(self, pool: PoolInCluster, made: Object, lease: Lease) -> None:
        self._pool, self.lease = pool, lease
        self.kind, self.name = made["kind"], made["metadata"]["name"]

    def found(self) -> Object | None:
        """The job as it is; None once it is gone."""
        return self._pool.api.get(KINDS[self.kind], self.kind, self.name, self._pool.id)

    def admitted(self) -> bool:
        """Whether Kueue let the job in: it lifts the suspension of the whole gang."""
        found = self.found()
        return found is not None and not found["spec"].get("suspend")

    def ending(self) -> tuple[str, str] | None:
        """How the job ended, and why: ``("Failed", "DeadlineExceeded")``."""
        for each in (self.found() or {}).get("status", {}).get("conditions") or []:
            if each["type"] in _OVER and each["status"] == "True":
                return each["type"], each.get("reason", "")
        return None

    def pods(self) -> list[Object]:
        """Its pods that are there."""
        return self._pool.api.find("v1", "Pod", self._pool.id, labels={LEASE_LABEL: self.lease.id})

    def running(self) -> int:
        """How many of its pods run."""
        return sum(each.get("status", {}).get("phase") == "Running" for each in self.pods())


class PoolInCluster:
    """One pool, as our programs make it, with its queue closed."""

    def __init__(self, cluster: Cluster, name: str, **fields: Any) -> None:
        self.cluster, self.api, self.name = cluster, cluster.api, name
        self.deployment = pool_deployment(name, **fields)
        self.id = EksNames(self.deployment, name).pool_id
        apply_all(self.api, pool_objects(name, **fields))

    def open(self) -> None:
        """Let jobs in, as the start of a burst does."""
        self.api.patch("kueue.x-k8s.io/v1beta2", "LocalQueue", LOCAL_QUEUE, self.id, {"spec": {"stopPolicy": "None"}})

    def submit(self, *, nodes: int = 1, runs: int | None = None, rest: int = 3600) -> Burst:
        """Queue what a burst would; pods run ``runs`` seconds or for ever; ``rest`` seconds are left of the lease."""
        lease, command = self._lease(Mode.RUN), ("sleep", "infinity" if runs is None else str(runs))
        work = Work(command=command, nodes=nodes)
        body = manifests.work(manifests.JobOrder(self.deployment, self.name, lease, work, rest))
        return Burst(self, self.api.create(body), lease)

    def hold(self, *, rest: int = 3600) -> Burst:
        """Hold one node without work, as ``burst up`` does."""
        lease = self._lease(Mode.UP)
        order = manifests.JobOrder(self.deployment, self.name, lease, Work(), rest)
        return Burst(self, self.api.create(manifests.hold(order, 0)), lease)

    def nodes(self) -> list[Object]:
        """The pool's nodes that are there."""
        return self.api.find("v1", "Node", labels={LABEL: self.id})

    def claims(self) -> list[Object]:
        """What Karpenter asked the cloud for and still pays for."""
        return self.api.find("karpenter.sh/v1", "NodeClaim", labels={"karpenter.sh/nodepool": self.id})

    def gone(self) -> bool:
        """Whether nothing of the pool costs money."""
        return not self.nodes() and not self.claims()

    def _lease(self, mode: Mode) -> Lease:
        pool = self.deployment.spec.training[self.name]
        return new_lease(self.name, pool, mode, now=time.time(), hourly_usd=None)

    def wait(self, what: str, ask: Callable[[], Any], seconds: float = _SECONDS) -> Any:
        """The first answer that is not empty."""
        return wait_for(f"{self.id}: {what}", ask, seconds, self.cluster.services)
