"""What a pool's parts in a cluster are called: shared by the programs that make them and the burst that uses them.

What belongs to the whole cluster begins with project and environment: an existing cluster has other people's as well.
"""

from __future__ import annotations

from dataclasses import dataclass

from tideform.spec.deployment import Deployment

LABEL = "tideform.dev/pool"  # on nodes, pods and everything of a pool; its value is `EksNames.pool_id`
LEASE_LABEL = "tideform.dev/lease"
KUEUE = "kueue.x-k8s.io"
KUEUE_VERSIONS = ("v1beta2", "v1beta1")  # of its API, the newest first; what we say is the same in both
QUEUE_LABEL = f"{KUEUE}/queue-name"
SERVICE_ACCOUNT = "job"
LOCAL_QUEUE = "bursts"
# What the reaper can not do there, and what bounds a burst then: said in plans and by the brake itself.
IN_AN_EXISTING_CLUSTER = (
    "it does not know which role launches there, nor reach the API, so Karpenter may bring machines again until each "
    "job's own deadline, a lease after its start, and no node outlives the lease by more than five minutes"
)
CONTROLLERS = "tideform-system"  # the namespace of what a cluster of ours runs on


@dataclass(frozen=True)
class EksNames:
    """The names of a deployment's cluster, and of one pool on it."""

    deployment: Deployment
    pool: str = ""

    @property
    def cluster(self) -> str:
        """At most 100 characters: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html"""
        return self.deployment.physical_name("eks", limit=100)

    @property
    def karpenter_role(self) -> str:
        """The role that launches nodes; a brake denies it launching."""
        return self.deployment.physical_name("karpenter", limit=64)

    @property
    def instance_profile(self) -> str:
        """What the pools' nodes are."""
        return self.deployment.physical_name("eks-node", limit=64)

    @property
    def pool_id(self) -> str:
        """The pool's namespace, node pool and class, cluster queue, flavour and priority; a renamed pool keeps them."""
        return self.deployment.physical_name(self.deployment.identity("training", self.pool), limit=58)

    @property
    def hold_priority(self) -> str:
        """The priority of what only keeps nodes there; a job takes their place."""
        return f"{self.pool_id}-hold"

    @property
    def labels(self) -> dict[str, str]:
        """What says whose an object is; keys of tags are no labels, for their colon."""
        unit = {"tideform.dev/unit": self.deployment.identity("training", self.pool)} if self.pool else {}
        return {
            "app.kubernetes.io/managed-by": "tideform",
            "tideform.dev/project": self.deployment.spec.project,
            "tideform.dev/environment": self.deployment.environment,
            **unit,
        }
