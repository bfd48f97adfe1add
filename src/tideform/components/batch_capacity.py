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

_ROOT_GIB = 100
Purchase = Literal["spot", "on-demand"]

_STRATEGY = {"spot": "SPOT_PRICE_CAPACITY_OPTIMIZED", "on-demand": "BEST_FIT_PROGRESSIVE"}
_TYPE = {"spot": "SPOT", "on-demand": "EC2"}


class BatchCapacity(Component):
    """Where a pool's instances come from: spot first, on-demand behind it, as the pool's ``capacity`` says.

    Batch replaces nothing in place that carries a hash of its inputs in its name: a change makes a new environment,
    turns the queue to it, and then takes the old one away.
    """

    def __init__(self, order: PoolOrder, shape: PoolShape) -> None:
        super().__init__("capacity", order.scope, order.opts)
        self.order, self.shape, self.unit = order, shape, order.scope.unit or order.name
        self.profile = self._instance_profile()
        self.template_name, self.template = self._launch_template()
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

    def _launch_template(self) -> tuple[str, aws.ec2.LaunchTemplate]:
        tags = self.scope.tags(self.scope.name(self.unit))
        name = self.scope.hashed_name(self.unit, [tags, _ROOT_GIB, "gp3", "imdsv2"], limit=128)
        template = aws.ec2.LaunchTemplate(
            self.unit,
            name=name,
            metadata_options=_tokens_only(),
            block_device_mappings=[_root_disk(self.order.site.key_arn)],
            tag_specifications=[
                aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=tags)
                for kind in ("instance", "volume")
            ],
            update_default_version=True,
            tags=self.scope.tags(),
            opts=self.nameless,
        )
        return name, template

    def _environment(self, purchase: Purchase) -> aws.batch.ComputeEnvironment:
        part = f"{self.unit}-{purchase}"
        image = "ECS_AL2023_NVIDIA" if self.shape.accelerators else "ECS_AL2023"
        inputs = [self.shape.instance_types, purchase, image, self.template_name, self.scope.network]
        return aws.batch.ComputeEnvironment(
            part,
            name=self.scope.hashed_name(part, inputs, limit=128),
            type="MANAGED",
            state="ENABLED",  # Batch makes no other; the queue is what is closed
            compute_resources=self._resources(purchase, image),
            tags=self.scope.tags(),
            # A burst moves these through Batch's own API; a plan must not call that drift.
            opts=pulumi.ResourceOptions(
                parent=self,
                ignore_changes=["computeResources.desiredVcpus", "computeResources.minVcpus", "state"],
                depends_on=self.instance_role.policies,
            ),
        )

    def _resources(self, purchase: Purchase, image: str) -> aws.batch.ComputeEnvironmentComputeResourcesArgs:
        batch: Any = aws.batch
        return aws.batch.ComputeEnvironmentComputeResourcesArgs(
            type=_TYPE[purchase],
            allocation_strategy=_STRATEGY[purchase],
            min_vcpus=0,
            max_vcpus=self.shape.max_vcpus,
            instance_types=self.shape.instance_types,
            subnets=self.order.site.subnet_ids,
            security_group_ids=[self.order.site.security_group_id],
            instance_role=self.profile.arn,
            launch_template=batch.ComputeEnvironmentComputeResourcesLaunchTemplateArgs(
                launch_template_id=self.template.id, version="$Default"
            ),
            ec2_configurations=[batch.ComputeEnvironmentComputeResourcesEc2ConfigurationArgs(image_type=image)],
            tags=self.scope.tags(self.scope.name(self.unit)),
        )

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


def _tokens_only() -> aws.ec2.LaunchTemplateMetadataOptionsArgs:
    """IMDSv2 only, and one hop: containers have a role of their own and must not borrow the instance's."""
    return aws.ec2.LaunchTemplateMetadataOptionsArgs(
        http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
    )


def _root_disk(key_arn: pulumi.Input[str]) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgs:
    """Amazon Linux 2023 boots from ``/dev/xvda``."""
    return aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name="/dev/xvda",
        ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            volume_type="gp3",
            volume_size=_ROOT_GIB,
            encrypted="true",
            kms_key_id=key_arn,
            delete_on_termination="true",
        ),
    )
