"""The least that a pool and its jobs need, for tests of what the cluster's own programs do."""

from __future__ import annotations

from typing import Any

Manifest = dict[str, Any]
INSTANCE_TYPE, GPUS_A_NODE = "g5.12xlarge", 4
QUEUE = "burst"


def pool(name: str, *, nodes: int, expire_after: str = "6h") -> list[Manifest]:
    """A namespace, a Karpenter pool from zero, and a Kueue queue whose quota is ``nodes`` times four accelerators."""
    labels = {"tideform.test/pool": name}
    gpu = "nvidia.com/gpu"
    requirements = {"node.kubernetes.io/instance-type": [INSTANCE_TYPE], "karpenter.sh/capacity-type": ["spot"]}
    node_class = _object("karpenter.k8s.aws/v1", "EC2NodeClass", name)
    node_class["spec"] = {
        "role": f"{name}-node",
        "amiSelectorTerms": [{"alias": "al2023@latest"}],
        "subnetSelectorTerms": [{"tags": {"tideform:project": name}}],
        "securityGroupSelectorTerms": [{"tags": {"tideform:project": name}}],
    }
    node_pool = _object("karpenter.sh/v1", "NodePool", name)
    node_pool["spec"] = {
        "limits": {gpu: nodes * GPUS_A_NODE},
        "disruption": {
            "consolidationPolicy": "WhenEmpty",
            "consolidateAfter": "0s",
            "budgets": [{"nodes": "100%"}],
        },
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": name},
                "requirements": [
                    {"key": key, "operator": "In", "values": values} for key, values in requirements.items()
                ],
                "taints": [{"key": gpu, "value": "true", "effect": "NoSchedule"}],
                "expireAfter": expire_after,
                "terminationGracePeriod": "30s",
            },
        },
    }
    flavor = _object("kueue.x-k8s.io/v1beta1", "ResourceFlavor", name)
    flavor["spec"] = {"nodeLabels": labels}
    cluster_queue = _object("kueue.x-k8s.io/v1beta1", "ClusterQueue", name)
    quota = [{"name": gpu, "nominalQuota": nodes * GPUS_A_NODE}]
    cluster_queue["spec"] = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}},
        "resourceGroups": [{"coveredResources": [gpu], "flavors": [{"name": name, "resources": quota}]}],
    }
    queue = _object("kueue.x-k8s.io/v1beta1", "LocalQueue", QUEUE, name)
    queue["spec"] = {"clusterQueue": name}
    return [_object("v1", "Namespace", name), node_class, node_pool, flavor, cluster_queue, queue]


def job(name: str, namespace: str, *, nodes: int, runs: str | None, deadline: int = 3600) -> Manifest:
    """A gang of ``nodes`` pods, each with all accelerators of a node; each runs for ``runs``, or for ever."""
    body = _object("batch/v1", "Job", name, namespace)
    body["metadata"]["labels"] = {"kueue.x-k8s.io/queue-name": QUEUE}
    body["spec"] = {
        "suspend": True,
        "completionMode": "Indexed",
        "parallelism": nodes,
        "completions": nodes,
        "backoffLimit": 0,
        "activeDeadlineSeconds": deadline,
        "template": _pod(runs),
    }
    return body


def job_set(name: str, namespace: str, *, nodes: int, runs: str | None) -> Manifest:
    """The same gang as a JobSet with one replicated job."""
    body = _object("jobset.x-k8s.io/v1alpha2", "JobSet", name, namespace)
    body["metadata"]["labels"] = {"kueue.x-k8s.io/queue-name": QUEUE}
    inner = job(name, namespace, nodes=nodes, runs=runs)["spec"]
    del inner["suspend"]
    body["spec"] = {"suspend": True, "replicatedJobs": [{"name": "nodes", "replicas": 1, "template": {"spec": inner}}]}
    return body


def _pod(runs: str | None) -> Manifest:
    container = {
        "name": "train",
        "image": "trainer",
        "resources": {"limits": {"nvidia.com/gpu": GPUS_A_NODE}, "requests": {"cpu": "1"}},
    }
    return {
        "metadata": {"annotations": {"tideform.test/runs": runs} if runs else {}},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
            "containers": [container],
        },
    }


def _object(api_version: str, kind: str, name: str, namespace: str | None = None) -> Manifest:
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **place}}
