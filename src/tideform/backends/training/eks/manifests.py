"""Jobs as the API takes them: one pod a node, gangs as a JobSet, and what holds nodes without working. Pure.

https://kubernetes.io/docs/concepts/workloads/controllers/job/ and https://jobset.sigs.k8s.io/docs/concepts/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from tideform.backends.training.eks.container_words import with_literals
from tideform.backends.training.eks.pool_objects import pod_resources
from tideform.backends.training.eks.secrets import with_secrets
from tideform.burst.lease import Lease
from tideform.burst.runner import Work
from tideform.components.jobs.environment import image_of, secret_arn, variables
from tideform.components.kubernetes import efa
from tideform.components.kubernetes.names import (
    LABEL,
    LEASE_LABEL,
    LOCAL_QUEUE,
    QUEUE_LABEL,
    SERVICE_ACCOUNT,
    EksNames,
)
from tideform.components.scope import Scope
from tideform.pools.shape import shape_of
from tideform.registry.training import PoolOrder
from tideform.spec.deployment import Deployment

Object = dict[str, Any]
_PAUSE = "registry.k8s.io/pause:3.10"
_KEEP_SECONDS = 3600  # how long a finished job can still be asked about
_GRACE_SECONDS = 120  # for a last checkpoint: as long as a spot notice
_RESTARTS = 5
_GANG = "nodes"  # the one group of a JobSet
_PORT = 29500
_URI = "TIDEFORM_CHECKPOINT_URI"
_INDEX = "metadata.labels['batch.kubernetes.io/job-completion-index']"


@dataclass(frozen=True)
class JobOrder:
    """One job to be described; ``rest`` is what is left of its lease, in seconds."""

    deployment: Deployment
    pool: str
    lease: Lease
    work: Work
    rest: int
    index: int | None = None
    own: Mapping[str, str] | None = None

    @property
    def names(self) -> EksNames:
        """The pool's names."""
        return EksNames(self.deployment, self.pool)

    @property
    def name(self) -> str:
        """The same for the same lease and place in an array: who submits twice, submits once."""
        place = "" if self.index is None else f"-{self.index}"
        return f"{self.pool[:30]}-{self.lease.id}{place}"


def work(order: JobOrder) -> Object:
    """A Job for one node, a JobSet for several."""
    return job(order) if order.work.nodes == 1 else job_set(order)


def job(order: JobOrder) -> Object:
    """A job of one pod. It is tried again where its node was taken away, and not where it failed by itself."""
    spec = _spec(order, _pod(order, _environment(order)), nodes=1, on_disruption="Ignore")
    metadata = _metadata(order, order.name)
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {**spec, "suspend": True}}


def job_set(order: JobOrder) -> Object:
    """A gang that begins together and, where it loses a node, begins together again."""
    nodes = order.work.nodes
    template = _spec(order, _pod(order, _ranks(order)), nodes=nodes, on_disruption="FailJob")
    del template["ttlSecondsAfterFinished"]  # the set's own
    reclaimed = {
        "name": "reclaimed",
        "action": "RestartJobSet",
        "onJobFailureMessagePatterns": [".*DisruptionTarget.*"],
    }
    spec = {
        "suspend": True,
        "ttlSecondsAfterFinished": _KEEP_SECONDS,
        "network": {"enableDNSHostnames": True, "publishNotReadyAddresses": True},
        "failurePolicy": {"maxRestarts": _RESTARTS, "rules": [reclaimed, {"name": "failed", "action": "FailJobSet"}]},
        "replicatedJobs": [{"name": _GANG, "replicas": 1, "template": {"spec": template}}],
    }
    return {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": _metadata(order, order.name),
        "spec": spec,
    }


def hold(order: JobOrder, index: int) -> Object:
    """A pod that does nothing on a node of its own until the lease is over; a job takes its place."""
    container = {"name": "hold", "image": _PAUSE, "resources": _resources(order)}
    pod = _placed(order, [container], order.names.hold_priority)
    spec = {
        "suspend": True,
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": _RESTARTS,
        "activeDeadlineSeconds": max(1, order.rest),
        "ttlSecondsAfterFinished": 0,
        "template": pod,
    }
    metadata = _metadata(order, f"hold-{order.lease.id}-{index}")
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def _spec(order: JobOrder, pod: Object, *, nodes: int, on_disruption: str) -> Object:
    disrupted = {"action": on_disruption, "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    failed = {"action": "FailJob", "onExitCodes": {"operator": "NotIn", "values": [0]}}
    return {
        "parallelism": nodes,
        "completions": nodes,
        "completionMode": "Indexed",
        "backoffLimit": 0,
        "activeDeadlineSeconds": max(1, order.rest),
        "ttlSecondsAfterFinished": _KEEP_SECONDS,
        "podFailurePolicy": {"rules": [disrupted, failed]},
        "template": pod,
    }


def _pod(order: JobOrder, environment: list[Object]) -> Object:
    pool = order.deployment.spec.training[order.pool]
    container = {
        "name": "job",
        "image": image_of(order.work.image or pool.job.image, _scope(order)),
        "command": list(order.work.command or pool.job.command),
        "env": environment,
        "resources": _resources(order),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        # Data loaders hand batches to each other here, and the default of 64 MiB ends them.
        "volumeMounts": [{"name": "shared-memory", "mountPath": "/dev/shm"}],  # noqa: S108  # a mount in the pod
    }
    pod = _placed(order, [container], order.names.pool_id)
    pod["spec"]["volumes"] = [{"name": "shared-memory", "emptyDir": {"medium": "Memory"}}]
    arns = {name: secret_arn(reference, _scope(order)) for name, reference in pool.job.secrets.items()}
    return {**pod, "spec": with_literals(with_secrets(pod["spec"], arns, order.deployment.region))}


def _placed(order: JobOrder, containers: list[Object], priority: str) -> Object:
    """Node selector and toleration come with Kueue's flavour. Karpenter takes no node away from under a job.

    Neither by consolidation (the annotation) nor by drift (the budgets of the pool, `pool_objects`).
    """
    return {
        "metadata": {
            "labels": _labels(order),
            "annotations": {"karpenter.sh/do-not-disrupt": "true"},
        },
        "spec": {
            "restartPolicy": "Never",
            "serviceAccountName": SERVICE_ACCOUNT,
            "automountServiceAccountToken": False,
            "priorityClassName": priority,
            "terminationGracePeriodSeconds": _GRACE_SECONDS,
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "containers": containers,
        },
    }


def _resources(order: JobOrder) -> Object:
    pool = order.deployment.spec.training[order.pool]
    wanted = pod_resources(pool, shape_of(pool))
    return {"requests": wanted, "limits": wanted}


def _metadata(order: JobOrder, name: str) -> Object:
    labels = {**_labels(order), QUEUE_LABEL: LOCAL_QUEUE}
    return {"name": name, "namespace": order.names.pool_id, "labels": labels}


def _labels(order: JobOrder) -> dict[str, str]:
    return {**order.names.labels, LABEL: order.names.pool_id, LEASE_LABEL: order.lease.id}


def _environment(order: JobOrder) -> list[Object]:
    """What the job finds: where its data is, its lease, and what the burst and the array add."""
    pool, scope = order.deployment.spec.training[order.pool], _scope(order)
    made = PoolOrder(order.pool, pool, scope, site=cast(Any, None), opts=cast(Any, None))
    found = {
        **(efa.ENVIRONMENT if efa.wants_adapters(pool) else {}),
        **variables(made),
        **order.work.environment,
        **(order.own or {}),
        "TIDEFORM_LEASE": order.lease.id,
    }
    if order.own is not None and _URI in found:  # each member of an array saves its work in a place of its own
        found[_URI] = f"{found[_URI]}/{order.index}"
    return [{"name": name, "value": value} for name, value in found.items()]


def _ranks(order: JobOrder) -> list[Object]:
    """Who of a gang one is, and where the first is; JobSet gives its pods names."""
    first = f"{order.name}-{_GANG}-0-0.{order.name}"
    index = {"valueFrom": {"fieldRef": {"fieldPath": _INDEX}}}
    world = {"WORLD_SIZE": str(order.work.nodes), "MASTER_ADDR": first, "MASTER_PORT": str(_PORT)}
    return [
        *_environment(order),
        *({"name": name, "value": value} for name, value in world.items()),
        *({"name": name, **index} for name in ("RANK", "TIDEFORM_NODE_RANK")),
    ]


def _scope(order: JobOrder) -> Scope:
    return Scope(order.deployment, "training", order.deployment.identity("training", order.pool))
