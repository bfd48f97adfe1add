"""EFA for the pods of a pool: its adapters as a resource, machines close together, and memory that can be locked. Pure.

Karpenter gives a machine whose pods ask for adapters all that its type has; nothing in the node class says so.
https://docs.aws.amazon.com/eks/latest/userguide/device-management-efa.html and https://karpenter.sh/docs/concepts/
"""

from __future__ import annotations

import json
from typing import Any

from tideform.pools.network_cards import cards
from tideform.pools.shape import PoolShape
from tideform.spec.training import Pool

ADAPTER = "vpc.amazonaws.com/efa"
# EFA's installer sets 5128 pages of 2 MiB aside on the host. Karpenter knows nothing of huge pages, so that no pod may
# ask for them (https://github.com/aws/karpenter-provider-aws/issues/3315): they are lost to the jobs.
HUGE_PAGES_MIB = 5128 * 2
# A pod that did not ask for huge pages is ended when it touches one, and libfabric takes them unless told otherwise.
# https://ofiwg.github.io/libfabric/main/man/fi_efa.7.html
ENVIRONMENT = {"FI_EFA_USE_HUGE_PAGE": "0"}
_LOCKED_BYTES = 2**50  # more than any machine has; a number that survives being read as a float


def wants_adapters(pool: Pool) -> bool:
    """Whether the pool's pods get EFA adapters."""
    return pool.interconnect == "efa"


def adapters(pool: Pool, shape: PoolShape) -> dict[str, str]:
    """What one pod asks for: as many adapters as each of the pool's types has; nothing without EFA."""
    return {ADAPTER: str(cards(shape))} if wants_adapters(pool) else {}


def node_settings(placement_group: str) -> dict[str, Any]:
    """What a node class with EFA has besides: all machines in one placement group, and containers that may lock memory.

    libfabric locks what it sends. Containers get their limits from containerd, which knows one for open files alone;
    a list replaces the default one, so that limit is said again.
    https://awslabs.github.io/amazon-eks-ami/nodeadm/doc/examples/#modifying-container-rlimits
    """
    limits = [
        {"type": "RLIMIT_NOFILE", "soft": 65536, "hard": 1048576},
        {"type": "RLIMIT_MEMLOCK", "soft": _LOCKED_BYTES, "hard": _LOCKED_BYTES},
    ]
    config = {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {"containerd": {"baseRuntimeSpec": {"process": {"rlimits": limits}}}},
    }
    return {
        "placementGroupSelector": {"name": placement_group},
        "userData": json.dumps(config, sort_keys=True),  # JSON is YAML, too
    }
