"""The capacity of a Batch pool: a launch template, one or two compute environments at zero, and their queue."""

from __future__ import annotations

from typing import Any, Literal

import pulumi
import pulumi_aws as aws

from tideform.catalogue.training._names import PoolNames
from tideform.catalogue.training.base import PoolOrder
from tideform.components.base import Component
from tideform.components.policies import plain_trust
from tideform.components.pool_shape import PoolShape
from tideform.components.roles import ServiceRole

_ROOT_DISK: dict[str, Any] = {
    "volume_type": "gp3", "volume_size": 100, "encrypted": "true", "delete_on_termination": "true"
}  # fmt: skip
# IMDSv2 only, and one hop: containers have a role of their own and must not borrow the instance's.
_TOKENS_ONLY: dict[str, Any] = {
    "http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1
}  # fmt: skip
Purchase = Literal["spot", "on-demand"]

_STRATEGY = {"spot": "SPOT_PRICE_CAPACITY_OPTIMIZED", "on-demand": "BEST_FIT_PROGRESSIVE"}
_TYPE = {"spot": "SPOT", "on-demand": "EC2"}


class BatchCapacity(Component):
    """Where a pool's instances come from: spot first, on-demand behind it, as the pool's ``capacity`` says.

    An environment carries a hash of its inputs in its name: a change makes a new one, turns the queue to it, and then
    takes the old one away.
    """

    def __init__(self, order: PoolOrder, shape: PoolShape) -> None:
        super().__init__("capacity", order.scope, order.opts)
        self.order, self.shape, self.unit = order, shape, order.scope.unit or order.name
        self.profile = self._instance_profile()
        self.template = self._launch_template()
        self.environments = [self._environment(purchase) for purchase in purchases(order)]
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

    def _launch_template(self) -> aws.ec2.LaunchTemplate:
        """It could change, but Batch keeps to the version that it found when the environment was made."""
        tags, key = self.scope.tags(self.scope.name(self.unit)), self.order.site.key_arn
        return aws.ec2.LaunchTemplate(
            self.unit,
            name=self.hashed_name(self.unit, [tags, _TOKENS_ONLY, _ROOT_DISK, key], limit=128),
            metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(**_TOKENS_ONLY),
            block_device_mappings=[_root_disk(key)],
            tag_specifications=[
                aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=tags)
                for kind in ("instance", "volume")
            ],
            update_default_version=True,
            tags=self.scope.tags(),
            opts=self.nameless,
        )

    def _environment(self, purchase: Purchase) -> aws.batch.ComputeEnvironment:
        part, batch = f"{self.unit}-{purchase}", aws.batch
        fixed = self._fixed(purchase)
        image = "ECS_AL2023_NVIDIA" if self.shape.accelerators else "ECS_AL2023"
        template: dict[str, Any] = {"launch_template_name": self.template.name, "version": "$Default"}
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
            # A burst moves these through Batch's own API; a plan must not call that drift.
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=["computeResources.desiredVcpus", "computeResources.minVcpus", "state"],
                depends_on=[self.profile, *self.instance_role.policies],
            ),
        )

    def _fixed(self, purchase: Purchase) -> dict[str, Any]:
        """Compute resources that stay as they are for as long as the environment lives."""
        return {
            "type": _TYPE[purchase],
            "allocation_strategy": _STRATEGY[purchase],
            "instance_types": self.shape.instance_types,
            "subnets": self.order.site.subnet_ids,
            "security_group_ids": [self.order.site.security_group_id],
            "instance_role": self.scope.instance_profile_arn(self.scope.name(f"{self.unit}-instance", limit=128)),
            "tags": self.scope.tags(self.scope.name(self.unit)),
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
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True, ignore_changes=["state"]),
        )


def purchases(order: PoolOrder) -> list[Purchase]:
    """How the pool's capacity is bought, first choice first."""
    capacity = order.pool.capacity
    if capacity.spot == "never":
        return ["on-demand"]
    if capacity.spot == "prefer" and capacity.fallback == "on_demand":
        return ["spot", "on-demand"]
    return ["spot"]


def _root_disk(key_arn: pulumi.Input[str]) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgs:
    """Amazon Linux 2023 boots from ``/dev/xvda``."""
    return aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name="/dev/xvda",
        ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(**_ROOT_DISK, kms_key_id=key_arn),
    )
