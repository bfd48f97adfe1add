"""Whether a job can ever be let in: asked of the pool and of its cluster before any lease is taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tideform.backends.training.eks.access import Access, kube_errors
from tideform.backends.training.eks.pool_objects import pod_resources
from tideform.components.kubernetes.names import EksNames
from tideform.errors import RefusedError
from tideform.pools.shape import shape_of
from tideform.reaper.kubernetes_groups import KARPENTER, KUEUE

Quantities = Mapping[str, Decimal]


def require_fit(access: Access, pool: str, nodes: int) -> None:
    """Raise `RefusedError` TD669 where so many machines at once are more than its queue or limits can have.

    Kueue would let such a job wait until its lease is over. Definitions that are not there yet refuse nothing.
    Raises `CloudError` TD664 where the API cannot be asked, TD665 where it serves no version that is known here.
    """
    spec = access.deployment.spec.training[pool]
    asked = {name: nodes * _amount(text) for name, text in pod_resources(spec, shape_of(spec)).items()}
    if lacking := list(_lacking(access, EksNames(access.deployment, pool).pool_id, asked)):
        raise never_fits(pool, "; ".join(lacking))


def never_fits(name: str, why: str) -> Exception:
    """A job that its pool can never hold."""
    return RefusedError.of(
        "TD669",
        "The job can never fit into its pool",
        detail=f"{name}: {why}",
        fix="Ask for fewer machines, or raise the pool's `nodes` and apply. A quota or limit that somebody has changed "
        "in the cluster is put back by `tideform apply --force-conflicts`.",
    )


def _lacking(access: Access, pool_id: str, asked: Quantities) -> Iterator[str]:
    with kube_errors("it was looked whether the job fits"):
        queue = access.seen(access.version(KUEUE), "ClusterQueue", pool_id)
        node_pool = access.seen(access.version(KARPENTER), "NodePool", pool_id)
    if queue and (covered := quota(queue)) is not None:
        there = {name: covered.get(name, Decimal(0)) for name in asked}  # Kueue lets nothing in that it does not count
        yield from _more_than(f"the quota of its queue {pool_id}", there, asked)
    if node_pool:
        limits = {name: _amount(text) for name, text in (node_pool["spec"].get("limits") or {}).items()}
        yield from _more_than(f"the limits of its node pool {pool_id}", limits, asked)


def quota(queue: Mapping[str, Any]) -> Quantities | None:
    """The most of each resource that a queue can let in at once, over all its flavours.

    None where it belongs to a cohort, and may borrow of it what nobody here knows. Pure.
    """
    spec = queue["spec"]
    if spec.get("cohort") or spec.get("cohortName"):  # v1beta1's word, and v1beta2's
        return None
    flavors = [flavor for group in spec.get("resourceGroups") or () for flavor in group["flavors"]]
    found: dict[str, Decimal] = {}
    for resource in (each for flavor in flavors for each in flavor["resources"]):
        found[resource["name"]] = found.get(resource["name"], Decimal(0)) + _amount(resource["nominalQuota"])
    return found


def _more_than(what: str, there: Quantities, asked: Quantities) -> Iterator[str]:
    for name, amount in asked.items():
        if name in there and amount > there[name]:
            yield f"it asks for {amount.normalize():f} of {name}, and {what} has {there[name].normalize():f}"


def _amount(text: Any) -> Decimal:
    from kubernetes.utils import parse_quantity

    return Decimal(parse_quantity(text))
