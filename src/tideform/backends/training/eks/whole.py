"""Whether a pool's objects are all in its cluster: of a job whose class is gone Kueue takes no notice, in silence."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.backends.training.eks.access import Access, kube_errors
from tideform.components.kubernetes.names import LOCAL_QUEUE, SERVICE_ACCOUNT, EksNames
from tideform.errors import RefusedError, TideformError
from tideform.reaper.kubernetes_groups import KARPENTER, KARPENTER_AWS, KUEUE


def require_whole(access: Access, pool: str) -> None:
    """Raise `RefusedError` TD603 with what is not there. Raises `CloudError` TD664, TD665 where it cannot be asked."""
    with kube_errors(f"the objects of {pool} were looked for"):
        lacking = list(_lacking(access, EksNames(access.deployment, pool)))
    if lacking:
        raise _not_applied(pool, lacking)


def _lacking(access: Access, names: EksNames) -> Iterator[str]:
    pool, kueue = names.pool_id, access.version(KUEUE)
    objects = (
        ("v1", "ServiceAccount", SERVICE_ACCOUNT, pool),
        ("scheduling.k8s.io/v1", "PriorityClass", pool, None),
        ("scheduling.k8s.io/v1", "PriorityClass", names.hold_priority, None),
        (kueue, "LocalQueue", LOCAL_QUEUE, pool),
        (kueue, "ClusterQueue", pool, None),
        (kueue, "ResourceFlavor", pool, None),
        (access.version(KARPENTER), "NodePool", pool, None),
        (access.version(KARPENTER_AWS), "EC2NodeClass", pool, None),
    )
    for version, kind, name, space in objects:
        if access.seen(version, kind, name, space) is None:
            yield f"{kind} {name}"


def _not_applied(pool: str, lacking: list[str]) -> TideformError:
    return RefusedError.of(
        "TD603",
        "The pool is not applied",
        detail=f"The cluster lacks of {pool}: {', '.join(lacking)}.",
        fix="Run `tideform apply` first.",
    )
