"""The roles of ours that launch machines by themselves: what a brake may deny launching to."""

from __future__ import annotations

from tideform.components.kubernetes.names import EksNames
from tideform.components.scope import Scope
from tideform.pools.unattended import starter_key
from tideform.reaper.parts import has
from tideform.registry.training import on_cluster

STARTER = "starter"


def karpenter_roles(scope: Scope) -> list[str]:
    """Karpenter's, where pools are on a cluster and that is ours."""
    spec = scope.deployment.spec
    if spec.cluster is not None and spec.cluster.existing is not None:
        return []
    return sorted({EksNames(scope.deployment, name).karpenter_role for name in on_cluster(spec.training)})


def starters(scope: Scope) -> dict[str, str]:
    """The functions that begin bursts by themselves, by the pool's name in the spec."""
    deployment = scope.deployment
    return {
        name: starter_name(scope, deployment.identity("training", name))
        for name, pool in deployment.spec.training.items()
        if has(pool.backend, "starting") and starter_key(pool)
    }


def starter_name(scope: Scope, unit: str) -> str:
    """The function's name, and its role's."""
    return scope.name(f"{unit}-{STARTER}", limit=64)


def starter_roles(scope: Scope) -> list[str]:
    """Those of the functions that begin bursts by themselves."""
    return sorted(starters(scope).values())


def launch_roles(scope: Scope) -> list[str]:
    """All of them. For the rest AWS's own service-linked roles launch, to which nobody can attach a policy.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
    """
    return [*karpenter_roles(scope), *starter_roles(scope)]
