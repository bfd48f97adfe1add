"""What a burst moves on the resources of a pool, through the services' own APIs: no plan calls that drift. Pure.

The programs name these in ``ignore_changes``; what a refresh finds at them is our own doing, and nobody is told of it.
Each type's entry has its own (`ResourceType.moved_by_bursts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tideform.model.planned import PropertyChange
from tideform.resources.registry import type_of

# By which a group or an environment has its machines say at launch whose they are (`reaper.claims`). The provider
# leaves them alone wherever tags are a resource's own: a group's are a list, of which nothing can be left out by key.
LEASE_TAGS = ("tideform:lease", "tideform:expires", "tideform:token")
# What an environment may have follows from what the others hold: each burst sets it, out of the spec. An apply in
# the middle of one that raised it would let the pool have more than its bound.
COMPUTE_ENVIRONMENT = (
    "computeResources.desiredVcpus",
    "computeResources.maxVcpus",
    "computeResources.minVcpus",
    *(f'computeResources.tags["{key}"]' for key in LEASE_TAGS),
    "state",
)
JOB_QUEUE = ("state",)
SCALING_GROUP = (
    "desiredCapacity",
    "minSize",
    "maxSize",
    "suspendedProcesses",
    "capacityReservationSpecification",
    "mixedInstancesPolicy.instancesDistribution.onDemandPercentageAboveBaseCapacity",
)
LOCAL_QUEUE = ("spec.stopPolicy",)


def by_others(kind: str, changes: Iterable[PropertyChange]) -> tuple[PropertyChange, ...]:
    """The changes of one resource but for those that bursts make; ``kind`` is its Pulumi type."""
    known = type_of(kind)
    return tuple(change for change in changes if known is None or not _within(change.path, known.moved_by_bursts))


def _within(path: str, parts: Sequence[str]) -> bool:
    return any(path == part or path.startswith((f"{part}.", f"{part}[")) for part in parts)
