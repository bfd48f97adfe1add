"""One pool in a cluster, as plain objects: where nodes come from, who is let onto them, and what is kept out. Pure.

Field values are those of Karpenter v1 (https://karpenter.sh/docs/concepts/nodepools/) and Kueue v1beta2
(https://kueue.sigs.k8s.io/docs/concepts/). The bound of a pool is Kueue's quota: Karpenter looks at its own limits
before it launches several nodes at once, and may overrun them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tideform.components.kubernetes import efa
from tideform.components.kubernetes.names import KUEUE, KUEUE_VERSIONS, LABEL, LOCAL_QUEUE, EksNames
from tideform.pools.local_storage import has_local_storage
from tideform.pools.shape import PoolShape, is_nvidia
from tideform.pools.zones import in_one_zone
from tideform.spec.deployment import Deployment
from tideform.spec.project import Cluster
from tideform.spec.training import Kubernetes, Pool

GPU = "nvidia.com/gpu"
GRACE = "5m"  # how long a node's drain may take before its pods are ended anyway
# With a terminationGracePeriod drift takes nodes whatever their pods say, and a new AMI is drift: idle nodes go anyway.
# https://karpenter.sh/docs/concepts/disruption/#nodepool-disruption-budgets
_NOT_FOR = ["Drifted", "Underutilized"]
_ROOT_DISK = {"volumeType": "gp3", "encrypted": True, "deleteOnTermination": True}
_TOKENS_ONLY = {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}
_METADATA = "169.254.169.254/32"  # the instance's credentials: a job has its own
_POD_IDENTITY = "169.254.170.23/32"  # where the pod identity agent hands those out
_DECIMAL, _BINARY = ("", "k", "M"), ("Mi", "Gi", "Ti", "Pi")  # units of quantities, the smallest first
Object = dict[str, Any]


@dataclass(frozen=True)
class NodePlace:
    """Where a pool's nodes are: subnets and security group by id, the key of their disks, the profile they run as.

    ``placement_group`` is the name of the one that machines with EFA share.
    """

    subnet_ids: Sequence[Any]
    security_group_id: Any
    key_arn: Any
    instance_profile: str
    placement_group: str = ""


@dataclass(frozen=True)
class PoolObjects:
    """A pool's objects, each as the API takes it."""

    deployment: Deployment
    name: str
    pool: Pool
    shape: PoolShape

    @property
    def names(self) -> EksNames:
        """What everything is called."""
        return EksNames(self.deployment, self.name)

    def namespace(self) -> Object:
        """A place of its own; pods that ask for more than a job needs are not let in."""
        pod_security = {f"pod-security.kubernetes.io/{mode}": "baseline" for mode in ("enforce", "warn")}
        return self._object("v1", "Namespace", self.names.pool_id, labels=pod_security)

    def quota(self) -> Object:
        """The pool at its largest, twice: while a job takes over from what held its nodes, both are counted."""
        whole = {f"requests.{key}": value for key, value in self._resources(2 * self.shape.nodes).items()}
        return self._object("v1", "ResourceQuota", "pool", {"hard": whole}, namespaced=True)

    def service_account(self) -> Object:
        """Who jobs are; what that may do in AWS comes by pod identity, and in the cluster it may do nothing."""
        found = self._object("v1", "ServiceAccount", "job", namespaced=True)
        return {**found, "automountServiceAccountToken": False}

    def deny_all(self) -> Object:
        """Nothing in, nothing out, but for what other policies allow."""
        spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        return self._object("networking.k8s.io/v1", "NetworkPolicy", "deny", spec, namespaced=True)

    def allow_needed(self) -> Object:
        """Names, HTTPS to AWS and registries, and the job's own pods: ranks talk on ports of their own choosing."""
        peers: list[Object] = [{"podSelector": {}}]
        dns = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
        cluster_dns = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}]
        https = {"ipBlock": {"cidr": "0.0.0.0/0", "except": [_METADATA]}}
        spec = {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": peers}],
            "egress": [
                {"to": peers},
                {"to": cluster_dns, "ports": dns},
                {"to": [https], "ports": [{"protocol": "TCP", "port": 443}]},
                {"to": [{"ipBlock": {"cidr": _POD_IDENTITY}}], "ports": [{"protocol": "TCP", "port": 80}]},
            ],
        }
        return self._object("networking.k8s.io/v1", "NetworkPolicy", "needed", spec, namespaced=True)

    def priorities(self) -> list[Object]:
        """Jobs before what merely holds nodes."""
        made = ((self.names.pool_id, 1000), (self.names.hold_priority, -10))
        return [
            {
                **self._object("scheduling.k8s.io/v1", "PriorityClass", name),
                "value": value,
                "globalDefault": False,
                "preemptionPolicy": "PreemptLowerPriority" if value > 0 else "Never",
            }
            for name, value in made
        ]

    def node_class(self, place: NodePlace) -> Object:
        """What a node is made of: https://karpenter.sh/docs/concepts/nodeclasses/"""
        together = self.pool.job.nodes > 1 or in_one_zone(self.pool)
        # Nodes that talk to each other all the time are in one zone, where no transfer is paid.
        subnets = list(place.subnet_ids)[: 1 if together and not self.pool.zones else None]
        reservations = [{"id": each} for each in self.pool.capacity.reserved]
        disk = {**_ROOT_DISK, "volumeSize": f"{self.pool.disk_gib}Gi", "kmsKeyID": place.key_arn}
        spec = {
            "amiSelectorTerms": [{"alias": "al2023@latest"}],
            "instanceProfile": place.instance_profile,
            "subnetSelectorTerms": [{"id": each} for each in subnets],
            "securityGroupSelectorTerms": [{"id": place.security_group_id}],
            "blockDeviceMappings": [{"deviceName": "/dev/xvda", "rootVolume": True, "ebs": disk}],
            "metadataOptions": _TOKENS_ONLY,
            # Pods write to the machine's own disks where it has them, and not to the root disk.
            **({"instanceStorePolicy": "RAID0"} if any(map(has_local_storage, self.shape.instance_types)) else {}),
            "associatePublicIPAddress": False,
            "tags": self.deployment.tags("training", self.deployment.identity("training", self.name)),
            **({"capacityReservationSelectorTerms": reservations} if reservations else {}),
            **(efa.node_settings(place.placement_group) if efa.wants_adapters(self.pool) else {}),
        }
        return self._object("karpenter.k8s.aws/v1", "EC2NodeClass", self.names.pool_id, spec)

    def node_pool(self) -> Object:
        """Nodes from zero and back: a node that holds no pods goes after half a minute, and none outlives a lease."""
        template = {
            "metadata": {"labels": {LABEL: self.names.pool_id}},
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": self.names.pool_id},
                "requirements": self._requirements(),
                "taints": [self._taint()],
                "expireAfter": f"{self.pool.lease.seconds}s",
                "terminationGracePeriod": GRACE,
            },
        }
        budget = (self.pool.kubernetes or Kubernetes()).disruption_budget
        spec = {
            "template": template,
            "disruption": {
                "consolidationPolicy": "WhenEmpty",
                "consolidateAfter": "30s",
                "budgets": [{"nodes": str(budget), "reasons": ["Empty"]}, {"nodes": "0", "reasons": _NOT_FOR}],
            },
            "limits": self._limits(),
        }
        return self._object("karpenter.sh/v1", "NodePool", self.names.pool_id, spec)

    def flavor(self) -> Object:
        """Whom Kueue sends to the pool's nodes, past the taint that keeps others off."""
        tolerates = {key: value for key, value in self._taint().items() if key != "value"}
        spec = {
            "nodeLabels": {LABEL: self.names.pool_id},
            "nodeTaints": [self._taint()],
            "tolerations": [{**tolerates, "operator": "Equal", "value": self.names.pool_id}],
        }
        return self._object(self._kueue, "ResourceFlavor", self.names.pool_id, spec)

    def cluster_queue(self) -> Object:
        """The bound: whole jobs are let in as long as all of their pods fit."""
        quota = self._resources(self.shape.nodes)
        resources = [{"name": key, "nominalQuota": value} for key, value in quota.items()]
        flavor = {"name": self.names.pool_id, "resources": resources}
        spec = {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.names.pool_id}},
            "queueingStrategy": "BestEffortFIFO",
            "preemption": {"withinClusterQueue": "LowerPriority"},
            "resourceGroups": [{"coveredResources": list(quota), "flavors": [flavor]}],
        }
        return self._object(self._kueue, "ClusterQueue", self.names.pool_id, spec)

    def local_queue(self) -> Object:
        """Closed between bursts, and whoever was let in is put out again: nothing runs without a lease."""
        spec = {"clusterQueue": self.names.pool_id, "stopPolicy": "HoldAndDrain"}
        return self._object(self._kueue, "LocalQueue", LOCAL_QUEUE, spec, namespaced=True)

    @property
    def _kueue(self) -> str:
        """What is said here is the same in every version that is known."""
        cluster = self.deployment.spec.cluster or Cluster()
        return f"{KUEUE}/{cluster.kueue or KUEUE_VERSIONS[0]}"

    def _requirements(self) -> list[Object]:
        capacity = self.pool.capacity
        kinds = [] if capacity.spot == "never" else ["spot"]
        kinds += ["on-demand"] if capacity.spot == "never" or capacity.fallback == "on_demand" else []
        if capacity.spot == "only":
            kinds = ["spot"]
        kinds = ["reserved", *kinds] if capacity.reserved else kinds
        arch = "arm64" if self.shape.types[0].arch == "arm64" else "amd64"
        wanted = {
            "node.kubernetes.io/instance-type": self.shape.instance_types,
            "karpenter.sh/capacity-type": kinds,
            "kubernetes.io/arch": [arch],
            "kubernetes.io/os": ["linux"],
        }
        if self.pool.zones:
            wanted["topology.kubernetes.io/zone"] = [f"{self.deployment.region}{zone}" for zone in self.pool.zones]
        return [{"key": key, "operator": "In", "values": values} for key, values in wanted.items()]

    def _taint(self) -> Object:
        return {"key": LABEL, "value": self.names.pool_id, "effect": "NoSchedule"}

    def _limits(self) -> dict[str, str]:
        dearest = max(t.vcpus for t in self.shape.types) * self.shape.nodes
        gpus = max(t.accelerators for t in self.shape.types) * self.shape.nodes
        return {"cpu": _count(dearest), **({GPU: _count(gpus)} if gpus else {})}

    def _resources(self, pods: int) -> dict[str, str]:
        one = pod_resources(self.pool, self.shape)
        cpu = int(one.pop("cpu").removesuffix("m")) * pods
        memory = int(one.pop("memory").removesuffix("Mi")) * pods
        devices = {name: _count(int(count) * pods) for name, count in one.items()}
        quantities = {"cpu": canonical(cpu, ("m", *_DECIMAL), 1000), "memory": canonical(memory, _BINARY, 1024)}
        return {**quantities, **devices}

    def _object(
        self,
        api_version: str,
        kind: str,
        name: str,
        spec: Mapping[str, Any] | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        namespaced: bool = False,
    ) -> Object:
        metadata: Object = {"name": name, "labels": {**self.names.labels, **(labels or {})}}
        if namespaced:
            metadata["namespace"] = self.names.pool_id
        found: Object = {"apiVersion": api_version, "kind": kind, "metadata": metadata}
        return found if spec is None else {**found, "spec": dict(spec)}


def canonical(amount: int, units: Sequence[str], step: int) -> str:
    """A quantity as the API writes it: in the largest of ``units`` that leaves a whole number; ``95``, not ``95000m``.

    Whoever writes it otherwise reads back another text than was sent, and takes that for a change.
    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    unit, *larger = units
    return canonical(amount // step, larger, step) if larger and amount and amount % step == 0 else f"{amount}{unit}"


def _count(number: int) -> str:
    """A number of vCPUs or devices: ``2k`` of two thousand."""
    return canonical(number, _DECIMAL, 1000)


def pod_resources(pool: Pool, shape: PoolShape) -> dict[str, str]:
    """What one pod gets: the smallest of the types, less what the node keeps for itself.

    The kubelet keeps 255 MiB, 11 MiB for each pod that fits, and 100 MiB free; Karpenter reckons with 7.5 % less than
    a type's memory; agents on every node take the rest. Half a vCPU is enough for all of them.
    https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html
    """
    total = int(min(t.memory_gib for t in shape.types) * 1024)
    kept = 2048 + (efa.HUGE_PAGES_MIB if efa.wants_adapters(pool) else 0)
    memory = max(total // 4, int(total * 0.9) - kept)
    found = {"cpu": f"{shape.vcpus * 1000 - 500}m", "memory": f"{memory}Mi"}
    gpus = {GPU: str(shape.accelerators)} if is_nvidia(shape.types) else {}
    return {**found, **gpus, **efa.adapters(pool, shape)}
