"""What lets jobs onto a cluster's nodes and sees to their devices: Kueue, JobSet, NVIDIA's agents, EFA's plug-in."""

from __future__ import annotations

import json
from typing import Any

import pulumi

from tideform.components.base import Component
from tideform.components.kubernetes.charts import DCGM_EXPORTER, DEVICE_PLUGIN, EFA_PLUGIN, JOBSET, KUEUE, chart
from tideform.components.kubernetes.efa import wants_adapters
from tideform.components.kubernetes.karpenter import Karpenter
from tideform.components.kubernetes.names import LABEL
from tideform.components.scope import Scope
from tideform.pools.shape import is_nvidia, shape_of
from tideform.registry.training import on_cluster
from tideform.spec.training import Pool

_ON_CONTROLLERS = {"nodeSelector": {"tideform.dev/controllers": "true"}}
# Agents go onto the pools' nodes, past their taint, and onto those with GPUs alone.
_ON_GPU_NODES = {"tolerations": [{"key": LABEL, "operator": "Exists", "effect": "NoSchedule"}]}
_HAS_GPU = {"key": "karpenter.k8s.aws/instance-gpu-manufacturer", "operator": "In", "values": ["nvidia"]}


class Queueing(Component):
    """The controllers beside Karpenter; which of them depends on what the pools want."""

    def __init__(
        self,
        scope: Scope,
        karpenter: Karpenter,
        kubernetes: pulumi.ProviderResource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("queueing", scope, opts)
        pools = list(on_cluster(scope.deployment.spec.training).values())
        after = pulumi.ResourceOptions(parent=self, provider=kubernetes, depends_on=[karpenter.release])
        self.releases = [chart(KUEUE, kueue_values(), after)]
        if any(pool.job.nodes > 1 for pool in pools):
            self.releases.append(chart(JOBSET, {}, after))
        if any(map(_has_gpus, pools)):
            self.releases += [chart(DEVICE_PLUGIN, _device_plugin(), after), chart(DCGM_EXPORTER, _dcgm(), after)]
        if types := {t for pool in pools if wants_adapters(pool) for t in shape_of(pool).instance_types}:
            self.releases.append(chart(EFA_PLUGIN, _efa(sorted(types)), after))


def kueue_values() -> dict[str, Any]:
    """Kueue's configuration: whole gangs, every job through a queue.

    A gang whose pods are not all ready in time is put out, and tried again: half a gang would hold nodes for nothing.
    https://kueue.sigs.k8s.io/docs/tasks/manage/setup_wait_for_pods_ready/
    """
    not_ours = ["kube-system", "kueue-system", "jobset-system", "kubeflow-system", "tideform-system"]
    selector = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": not_ours}
    config = {
        "apiVersion": "config.kueue.x-k8s.io/v1beta2",
        "kind": "Configuration",
        "health": {"healthProbeBindAddress": ":8081"},
        "metrics": {"bindAddress": ":8443"},
        "webhook": {"port": 9443},
        "leaderElection": {"leaderElect": True, "resourceName": "c1f6bfd2.kueue.x-k8s.io"},
        "waitForPodsReady": {
            "timeout": "15m",
            "recoveryTimeout": "5m",
            "blockAdmission": False,
            "requeuingStrategy": {"timestamp": "Eviction", "backoffBaseSeconds": 30, "backoffMaxSeconds": 600},
        },
        "manageJobsWithoutQueueName": True,
        "managedJobsNamespaceSelector": {"matchExpressions": [selector]},
        "integrations": {"frameworks": ["batch/job", "jobset.x-k8s.io/jobset"]},
    }
    text = json.dumps(config, sort_keys=True)  # JSON is YAML, too
    return {
        "managerConfig": {"controllerManagerConfigYaml": text},
        "controllerManager": {
            **_ON_CONTROLLERS,
            "replicas": 2,
            "manager": {"image": {"repository": "registry.k8s.io/kueue/kueue", "tag": f"v{KUEUE.version}"}},
        },
    }


def _device_plugin() -> dict[str, Any]:
    return {**_ON_GPU_NODES, "affinity": _affinity()}


def _dcgm() -> dict[str, Any]:
    return {**_ON_GPU_NODES, "affinity": _affinity(), "serviceMonitor": {"enabled": False}}


def _efa(types: list[str]) -> dict[str, Any]:
    """The chart's own list of types has no newer ones, and without tolerations it stays off the pools' nodes."""
    return {**_ON_GPU_NODES, "supportedInstanceLabels": {"keys": ["node.kubernetes.io/instance-type"], "values": types}}


def _affinity() -> dict[str, Any]:
    terms = {"nodeSelectorTerms": [{"matchExpressions": [_HAS_GPU]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


def _has_gpus(pool: Pool) -> bool:
    return is_nvidia(shape_of(pool).types)
