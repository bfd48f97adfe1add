"""The capacity of a Batch pool: launch templates, compute environments at zero, and their queue."""

from __future__ import annotations

import base64
from typing import Any

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.iam.policies import plain_trust
from tideform.components.iam.roles import ServiceRole
from tideform.components.jobs.instance_store import boothook
from tideform.components.network.adapters import adapters
from tideform.components.network.pool_subnets import pool_subnets
from tideform.pools.local_storage import has_local_storage
from tideform.pools.names import PoolNames
from tideform.pools.purchase import Purchase, purchases
from tideform.pools.shape import PoolShape
from tideform.pools.zones import in_one_zone
from tideform.registry.training import PoolOrder
from tideform.resources.moved_by_bursts import COMPUTE_ENVIRONMENT, JOB_QUEUE

_ROOT_DISK: dict[str, Any] = {"volume_type": "gp3", "encrypted": "true", "delete_on_termination": "true"}
# IMDSv2 only, and one hop: containers have a role of their own and must not borrow the instance's.
_TOKENS_ONLY: dict[str, Any] = {
    "http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1
}  # fmt: skip
_ON_DEMAND = ("EC2", "BEST_FIT_PROGRESSIVE")
# A block wants groups of one type, which Batch makes for BEST_FIT: a mixed instances policy takes no block.
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-template-capacity-blocks.html
_BOUGHT = {
    "spot": ("SPOT", "SPOT_PRICE_CAPACITY_OPTIMIZED"),
    "on-demand": _ON_DEMAND,
    "reserved": _ON_DEMAND,
    "block": ("EC2", "BEST_FIT"),
}


class BatchCapacity(Component):
    """Where a pool's instances come from: one environment for each way of buying that the pool allows, in that order.

    Machines that work on one job together are in one placement group of one zone, with EFA adapters if so asked.

    An environment carries a hash of its inputs in its name: a change makes a new one, turns the queue to it, and then
    takes the old one away.
    """

    def __init__(self, order: PoolOrder, shape: PoolShape) -> None:
        super().__init__("capacity", order.scope, order.opts)
        self.order, self.shape, self.unit = order, shape, order.scope.unit or order.name
        self.profile = self._instance_profile()
        self.group = self._placement_group() if in_one_zone(order.pool) else None
        self.plain = self._launch_template(Purchase("on-demand"))
        self.environments = [self._environment(way) for way in purchases(order.pool)]
        self.queue = self._queue()

    def _instance_profile(self) -> aws.iam.InstanceProfile:
        """The instances' own role: AWS's managed policy for the container agent, and nothing of ours.

        https://docs.aws.amazon.com/batch/latest/userguide/instance_IAM_role.html
        """
        part = f"{self.unit}-instance"
        self.instance_role = ServiceRole(
            part,
            self.scope,
            trust=plain_trust(f"ec2.{self.scope.dns_suffix}"),
            description="Lets instances of the pool join its container cluster",
            statements=[],
            managed=("service-role/AmazonEC2ContainerServiceforEC2Role",),
            opts=self.nameless,
        )
        return aws.iam.InstanceProfile(
            part,
            name=self.scope.name(part, limit=128),
            role=self.instance_role.role.name,
            tags=self.scope.tags(),
            opts=self.named(),
        )

    def _placement_group(self) -> aws.ec2.PlacementGroup:
        """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-strategies.html"""
        name = self.scope.name(self.unit, limit=255)
        return aws.ec2.PlacementGroup(
            self.unit, name=name, strategy="cluster", tags=self.scope.tags(name), opts=self.named()
        )

    def _launch_template(self, purchase: Purchase) -> aws.ec2.LaunchTemplate:
        """It could change, but Batch keeps to the version that it found when the environment was made."""
        tags, key = self.scope.tags(self.scope.name(self.unit)), self.order.site.key_arn
        part = f"{self.unit}-{purchase.reservation}" if purchase.reservation else self.unit
        special, inputs = self._special(purchase)
        gib = self.order.pool.disk_gib
        return aws.ec2.LaunchTemplate(
            part,
            name=self.hashed_name(
                part, [tags, _TOKENS_ONLY, {**_ROOT_DISK, "volume_size": gib}, key, *inputs], limit=128
            ),
            metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(**_TOKENS_ONLY),
            block_device_mappings=[_root_disk(key, gib)],
            tag_specifications=[
                aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=tags)
                for kind in ("instance", "volume")
            ],
            update_default_version=True,
            tags=self.scope.tags(),
            opts=self.nameless,
            **special,
        )

    def _special(self, purchase: Purchase) -> tuple[dict[str, Any], list[Any]]:
        """What only some templates have, and the inputs that it depends on."""
        special: dict[str, Any] = {}
        inputs: list[Any] = []
        if self.order.pool.interconnect == "efa":
            group = self.order.site.security_group_id
            special["network_interfaces"] = adapters(self.shape, group)
            inputs += ["efa", len(special["network_interfaces"]), group]
        if any(has_local_storage(kind) for kind in self.shape.instance_types):
            special["user_data"] = base64.b64encode(boothook().encode()).decode()
            inputs.append(special["user_data"])
        if purchase.reservation:
            special["capacity_reservation_specification"] = _targeted(purchase.reservation)
            inputs.append(purchase.reservation)
        if purchase.kind == "block":
            market = aws.ec2.LaunchTemplateInstanceMarketOptionsArgs(market_type="capacity-block")
            special["instance_market_options"] = market
            inputs.append("block")
        return special, inputs

    def _environment(self, purchase: Purchase) -> aws.batch.ComputeEnvironment:
        part, batch = f"{self.unit}-{purchase.reservation or purchase.kind}", aws.batch
        fixed = self._fixed(purchase)
        image = "ECS_AL2023_NVIDIA" if self.shape.accelerators else "ECS_AL2023"
        own = self._launch_template(purchase) if purchase.reservation else self.plain
        template: dict[str, Any] = {"launch_template_name": own.name, "version": "$Default"}
        resources = batch.ComputeEnvironmentComputeResourcesArgs(
            **fixed,
            min_vcpus=0,
            max_vcpus=self.shape.max_vcpus,
            launch_template=batch.ComputeEnvironmentComputeResourcesLaunchTemplateArgs(**template),
            ec2_configurations=[batch.ComputeEnvironmentComputeResourcesEc2ConfigurationArgs(image_type=image)],
        )
        return batch.ComputeEnvironment(
            part,
            name=self.hashed_name(part, [fixed, image, template], limit=128),
            type="MANAGED",
            state="ENABLED",  # Batch makes no other; the queue is what is closed
            compute_resources=resources,
            tags=self.scope.tags(),
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=[*COMPUTE_ENVIRONMENT],
                depends_on=[self.profile, *self.instance_role.policies],
            ),
        )

    def _fixed(self, purchase: Purchase) -> dict[str, Any]:
        """Compute resources that stay as they are for as long as the environment lives.

        Machines of a block are close together anyway, in no group of ours.
        """
        kind, strategy = _BOUGHT[purchase.kind]
        group = None if purchase.kind == "block" else self.group
        return {
            "type": kind,
            "allocation_strategy": strategy,
            "instance_types": self.shape.instance_types,
            "subnets": pool_subnets(self.order),
            "security_group_ids": [self.order.site.security_group_id],
            "instance_role": self.scope.instance_profile_arn(self.scope.name(f"{self.unit}-instance", limit=128)),
            "tags": self.scope.tags(self.scope.name(self.unit)),
            **({} if group is None else {"placement_group": group.name}),
        }

    def _queue(self) -> aws.batch.JobQueue:
        orders = [
            aws.batch.JobQueueComputeEnvironmentOrderArgs(order=place, compute_environment=environment.arn)
            for place, environment in enumerate(self.environments, start=1)
        ]
        return aws.batch.JobQueue(
            self.unit,
            name=PoolNames(self.scope.deployment, self.order.name).job_queue,
            state="DISABLED",  # a burst opens it: nothing that is submitted without a lease starts a machine
            priority=1,
            compute_environment_orders=orders,
            tags=self.scope.tags(),
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True, ignore_changes=[*JOB_QUEUE]),
        )


def _targeted(reservation: str) -> aws.ec2.LaunchTemplateCapacityReservationSpecificationArgs:
    """Into this reservation or nowhere: where it is full, the next environment takes over."""
    target = aws.ec2.LaunchTemplateCapacityReservationSpecificationCapacityReservationTargetArgs
    return aws.ec2.LaunchTemplateCapacityReservationSpecificationArgs(
        capacity_reservation_target=target(capacity_reservation_id=reservation)
    )


def _root_disk(key_arn: pulumi.Input[str], gib: int) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgs:
    """Amazon Linux 2023 boots from ``/dev/xvda``."""
    return aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name="/dev/xvda",
        ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(**_ROOT_DISK, volume_size=gib, kms_key_id=key_arn),
    )
