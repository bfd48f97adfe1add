"""What ends a burst on Kubernetes when its command is dead."""

from __future__ import annotations

from dataclasses import replace

from tideform.backends.training.eks.access import Access, kube_errors
from tideform.burst.brakes import Brake, Kind
from tideform.burst.budget_brake import budget_brakes
from tideform.burst.reaper_brake import idle_brake, reaper_brake
from tideform.components.kubernetes.names import IN_AN_EXISTING_CLUSTER, LOCAL_QUEUE, EksNames
from tideform.reaper.kubernetes_groups import KARPENTER, KUEUE


def brakes(access: Access, pool: str) -> tuple[Brake, ...]:
    """The reaper, and two that bound what it would find: jobs from their start on, nodes from theirs."""
    names, lease = EksNames(access.deployment, pool), access.deployment.spec.training[pool].lease
    return (
        _reaper(access, pool),
        idle_brake(access.deployment, pool),
        Brake(
            "job deadline",
            Kind.BOUNDING,
            "Kubernetes ends each job when its lease would be over, counted from the job's start",
            lambda: _missing_queue(access, names),
            of_pool=True,
        ),
        Brake(
            "node expiry",
            Kind.BOUNDING,
            f"Karpenter ends each node {lease} and five minutes after its start",
            lambda: _missing_expiry(access, names, f"{lease.seconds}s"),
            of_pool=True,
        ),
        *budget_brakes(access.cloud, access.deployment),
    )


def _reaper(access: Access, pool: str) -> Brake:
    """Terminal where it can deny launching: only of a cluster of ours it knows who launches."""
    found = reaper_brake(access.cloud, access.deployment, pool)
    if access.existing is None:
        return found
    return replace(found, kind=Kind.BOUNDING, description=f"{found.description}; {IN_AN_EXISTING_CLUSTER}")


def _missing_queue(access: Access, names: EksNames) -> str:
    with kube_errors("the pool's queue was looked for"):
        found = access.kube.get(access.version(KUEUE), "LocalQueue", LOCAL_QUEUE, names.pool_id)
    return "" if found else f"the cluster has no queue {names.pool_id}/{LOCAL_QUEUE}"


def _missing_expiry(access: Access, names: EksNames, wanted: str) -> str:
    with kube_errors("the pool's nodes were looked for"):
        found = access.kube.get(access.version(KARPENTER), "NodePool", names.pool_id)
    if found is None:
        return f"the cluster has no node pool {names.pool_id}"
    expires = found["spec"]["template"]["spec"].get("expireAfter")
    return "" if expires == wanted else f"nodes of {names.pool_id} expire after {expires}, not {wanted}"
