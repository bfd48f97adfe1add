"""Which questions make a receipt: all of them for an environment, those about capacity for a pool."""

from __future__ import annotations

from tideform.burst.inventory import batch, compute, identity, network, sagemaker, storage, watch
from tideform.burst.inventory.base import Area

ENVIRONMENT: tuple[Area, ...] = (
    *compute.AREAS,
    *network.AREAS,
    *storage.AREAS,
    *identity.AREAS,
    *batch.AREAS,
    *sagemaker.AREAS,
    *watch.AREAS,
)

CAPACITY: tuple[Area, ...] = (
    Area("EC2 instances", compute.instances),
    Area("EC2 spot requests", compute.spot_requests),
    Area("EC2 volumes", compute.volumes),
    Area("Batch compute environments", batch.awake),
    Area("Batch jobs", batch.jobs),
)
