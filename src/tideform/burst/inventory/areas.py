"""Which questions make a receipt: all for an environment, fewer for one unit or its capacity."""

from __future__ import annotations

from tideform.burst.inventory import autoscaling, batch, compute, eks, identity, network, sagemaker, storage, watch
from tideform.burst.inventory.base import Area

ENVIRONMENT: tuple[Area, ...] = (
    *compute.AREAS,
    *network.AREAS,
    *storage.AREAS,
    *identity.AREAS,
    *autoscaling.AREAS,
    *batch.AREAS,
    *eks.AREAS,
    *sagemaker.AREAS,
    *watch.AREAS,
)

UNIT: tuple[Area, ...] = (
    *compute.AREAS,
    Area("CloudWatch log groups", storage.log_groups),
    Area("IAM roles", identity.roles),
    Area("IAM instance profiles", identity.profiles),
    *autoscaling.AREAS,
    *batch.AREAS,
    *eks.UNIT,
    *sagemaker.AREAS,
    Area("CloudWatch alarms", watch.alarms),
    Area("CloudWatch alarms of autoscaling", watch.scaling_alarms),
)

CAPACITY: tuple[Area, ...] = (
    Area("EC2 instances", compute.instances),
    Area("EC2 spot requests", compute.spot_requests),
    Area("EC2 volumes", compute.volumes),
    *autoscaling.CAPACITY,
    Area("Batch compute environments", batch.awake),
    Area("Batch jobs", batch.jobs),
    *sagemaker.TRAINING,
)
