"""``backend: eks``: Kubernetes with Karpenter and Kueue, on a cluster of ours or an existing one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tideform.components.kubernetes.names import LABEL, LOCAL_QUEUE, EksNames
from tideform.diagnostics import Diagnostic
from tideform.pools.applied_with import BOUNDS, MACHINES, ROLE
from tideform.pools.drivers import driver_problems
from tideform.pools.shape import PoolShape, is_nvidia, shape_of, shape_problems
from tideform.pools.unattended import starter_key
from tideform.registry.features import Features
from tideform.registry.training import Exports, PoolOrder, TrainingBackend, plain_handle
from tideform.spec.problems import error_at
from tideform.spec.training import Pool

if TYPE_CHECKING:
    from tideform.burst.runner import Runner
    from tideform.burst.streams import LiveLogs
    from tideform.cloud import Cloud
    from tideform.resources.inventory import Area
    from tideform.spec.deployment import Deployment

_FEATURES = Features(
    # What a cluster, its nodes and Karpenter talk to where there is no way to the internet.
    # https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
    interface_endpoints=("ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "logs", "sqs", "ssm", "sts"),
    needs_cluster=True,
    own_keys=("kubernetes",),
    # What starts a job by itself is refused.
    does=("interconnect", "capacity.reservations", "job.nodes", "schedule", "trigger", "job.sweep"),
    applied=(*MACHINES, *BOUNDS, *ROLE),  # a pod is described anew
    blocks="cr-",  # and Karpenter finds type and zone itself
    keeps_end="Kubernetes keeps the age at which a node expires: one that stands now is let go by it",
)


@dataclass(frozen=True)
class Eks(TrainingBackend):
    """A namespace, a closed queue with the pool's maximum as its quota, and a node pool at zero."""

    id: str = "eks"
    summary: str = "Kubernetes on EKS with Karpenter and Kueue, or a cluster of your own"
    features: Features = _FEATURES

    def problems(self, name: str, pool: Pool) -> list[Diagnostic]:
        """Capacity without drivers, nodes that never let go, and what a cluster does not do here."""
        if list(shape_problems(name, pool)):
            return []  # said for every backend alike
        return list(_problems(f"training.{name}", pool, shape_of(pool)))

    def build(self, order: PoolOrder) -> Exports:
        """The job's role, and the pool's objects in the cluster."""
        from tideform.backends.training.eks.pool import EksPool

        pool = EksPool(order, shape_of(order.pool))
        return {
            "namespace": pool.names.pool_id,
            "queue": LOCAL_QUEUE,
            "node_pool": pool.names.pool_id,
        }

    def handle(self, deployment: Deployment, pool: str) -> dict[str, Any]:
        """Who launches for the pool, and where its queue is; the Kubernetes API may be out of a brake's reach.

        In an existing cluster nobody tells us who launches, and it is reached by somebody's kubeconfig.
        """
        names = EksNames(deployment, pool)
        cluster = deployment.spec.cluster
        existing = cluster.existing if cluster else None
        return {
            **plain_handle(deployment, self.id, pool),
            "cluster": "" if existing else names.cluster,
            "context": existing or "",
            "karpenter_role": "" if existing else names.karpenter_role,
            "namespace": names.pool_id,
            "queue": LOCAL_QUEUE,
            "node_pool": names.pool_id,
            "label": LABEL,
        }

    def inventory(self) -> tuple[Area, ...]:
        """What is left of the pool in its cluster."""
        from tideform.backends.training.eks.inventory import AREA

        return (AREA,)

    def held_nodes(self, pool: Pool) -> int:  # noqa: ARG002
        """One: machines follow jobs."""
        return 1

    def logs(self, cloud: Cloud, deployment: Deployment, pool: str) -> LiveLogs:
        """The pods: nobody keeps what they print."""
        from tideform.backends.training.eks.pod_logs import PodLogs

        return PodLogs.of(cloud, deployment, pool)

    def runner(self, cloud: Cloud, deployment: Deployment, pool: str) -> Runner:
        """Capacity and jobs through Kueue's queue; refused where there is no Kubernetes API to talk to."""
        from tideform.backends.training.eks.runner import runner

        return runner(cloud, deployment, pool)


def _problems(path: str, pool: Pool, shape: PoolShape) -> Iterator[Diagnostic]:
    yield from driver_problems(
        path,
        shape,
        images="The machine images of EKS have no drivers for",
        fix="Choose GPUs by NVIDIA from the T4 on, or types without accelerators.",
    )
    if pool.interconnect == "efa" and not is_nvidia(shape.types):
        fix = "Choose types with GPUs by NVIDIA, or use backend: batch."
        yield _not_here(path, "interconnect", "has EFA's driver in its images for GPUs alone", fix)
    if key := starter_key(pool):
        what = "starts no job by itself: what would start it stands outside of the network that the API is in"
        fix = "Let CI in that network run `tideform burst run`, or use backend: batch, ec2 or sagemaker."
        yield _not_here(path, key, what, fix)
    if pool.kubernetes is not None and pool.kubernetes.disruption_budget.value == 0:
        yield error_at(
            "TD662",
            "A disruption budget never lets a node go",
            f"{path}.kubernetes.disruption_budget",
            detail="With 0% no idle node may be taken away: each costs money until its lease ends.",
            fix="Leave it out: with 100% all idle nodes go at the same time.",
        )


def _not_here(path: str, what: str, does: str, fix: str) -> Diagnostic:
    return error_at(
        "TD663", "The backend cannot do what the pool asks", f"{path}.{what}", detail=f"backend: eks {does}.", fix=fix
    )


ENTRY = Eks()
