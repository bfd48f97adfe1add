"""What pools on a cluster share: a cluster of ours and what runs on it, and only where some pool wants it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from tideform.components.kubernetes.cluster import EksCluster
from tideform.components.kubernetes.karpenter import Karpenter
from tideform.components.kubernetes.kueue import Queueing
from tideform.components.kubernetes.objects import cluster_provider
from tideform.components.kubernetes.reaper_access import ReaperAccess
from tideform.components.scope import Scope


def platform(
    scope: Scope,
    *,
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
    workload_group_id: pulumi.Input[str],
    key_arn: pulumi.Input[str],
    reaper_arn: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> Mapping[str, Any]:
    """Build it; returns what the pools' programs have to know."""
    cluster = EksCluster(scope, subnet_ids=subnet_ids, workload_group_id=workload_group_id, key_arn=key_arn, opts=opts)
    access = {
        "name": cluster.cluster.name,
        "endpoint": cluster.cluster.endpoint,
        "authority": cluster.authority,
    }
    kubernetes = cluster_provider(scope.deployment, access)
    ReaperAccess(scope, cluster, kubernetes, role_arn=reaper_arn, opts=opts)
    karpenter = Karpenter(scope, cluster, kubernetes, opts)
    Queueing(scope, karpenter, kubernetes, opts)
    return {f"cluster_{key}": value for key, value in access.items()}
