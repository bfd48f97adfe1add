"""The machines of an ``ec2`` pool: role, log group unless that stays, and the launch template they come from."""

from __future__ import annotations

import base64
from typing import Any

import pulumi
import pulumi_aws as aws

from tideform.backends.training.ec2.names import GroupNames, image_parameter
from tideform.backends.training.ec2.statements import statements
from tideform.backends.training.ec2.user_data import user_data
from tideform.components.base import Component
from tideform.components.iam.policies import plain_trust
from tideform.components.iam.roles import ServiceRole
from tideform.components.monitoring.logs import own_log_group
from tideform.components.network.adapters import adapters
from tideform.pools.shape import PoolShape
from tideform.registry.training import PoolOrder

_ROOT_DISK: dict[str, Any] = {"volume_type": "gp3", "encrypted": "true", "delete_on_termination": "true"}
# IMDSv2 only, and one hop: jobs share the machine's network and take its role; nothing behind it reaches that.
_TOKENS_ONLY: dict[str, Any] = {
    "http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1
}  # fmt: skip


class Ec2Nodes(Component):
    """What a machine of the pool is: image, disk, role, and what it does when it starts."""

    def __init__(self, order: PoolOrder, shape: PoolShape) -> None:
        super().__init__("nodes", order.scope, order.opts)
        self.order, self.shape, self.unit = order, shape, order.scope.unit or order.name
        names = GroupNames(order.scope.deployment, order.name)
        own_log_group(order, self.unit, names.log_group, self.named())
        self.role = ServiceRole(
            f"{self.unit}-node",
            self.scope,
            trust=plain_trust(f"ec2.{self.scope.dns_suffix}"),
            description="What the pool's machines, and the jobs on them, may do",
            statements=statements(order, names.log_group),
            managed=("AmazonSSMManagedInstanceCore",),
            opts=self.nameless,
        )
        self.profile = aws.iam.InstanceProfile(
            f"{self.unit}-node",
            name=self.scope.name(f"{self.unit}-node", limit=128),
            role=self.role.role.name,
            tags=self.scope.tags(),
            opts=self.named(),
        )
        self.template = self._template()

    def _template(self) -> aws.ec2.LaunchTemplate:
        """A change makes a new version, which the next burst starts from."""
        ec2, tags = aws.ec2, self.scope.tags(self.scope.name(self.unit))
        return ec2.LaunchTemplate(
            self.unit,
            name=self.scope.name(self.unit, limit=128),
            image_id=f"resolve:ssm:{image_parameter(self.shape)}",
            iam_instance_profile=ec2.LaunchTemplateIamInstanceProfileArgs(arn=self.profile.arn),
            metadata_options=ec2.LaunchTemplateMetadataOptionsArgs(**_TOKENS_ONLY),
            block_device_mappings=[_root_disk(self.order.site.key_arn, self.order.pool.disk_gib)],
            user_data=base64.b64encode(user_data().encode()).decode(),
            tag_specifications=[
                ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=tags) for kind in ("instance", "volume")
            ],
            update_default_version=True,
            tags=self.scope.tags(),
            opts=self.named(after=self.role.policies),
            **self._network(),
        )

    def _network(self) -> dict[str, Any]:
        group = self.order.site.security_group_id
        if self.order.pool.interconnect == "efa":
            return {"network_interfaces": adapters(self.shape, group)}
        return {"vpc_security_group_ids": [group]}


def _root_disk(key_arn: pulumi.Input[str], gib: int) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgs:
    """Amazon Linux 2023 boots from ``/dev/xvda``; the Deep Learning image wants 75 GiB."""
    return aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name="/dev/xvda",
        ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(**_ROOT_DISK, volume_size=gib, kms_key_id=key_arn),
    )
