"""The capacity of an ``ec2`` pool: an Auto Scaling group at zero that starts nothing until a burst lets it."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws

from tideform.backends.training.ec2.names import HEARTBEAT, GroupNames
from tideform.backends.training.ec2.nodes import Ec2Nodes
from tideform.components.base import Component
from tideform.components.network.pool_subnets import pool_subnets
from tideform.pools.purchase import purchases
from tideform.registry.training import PoolOrder
from tideform.resources.moved_by_bursts import SCALING_GROUP


class Ec2Group(Component):
    """The group, the hook that gives machines time for a last checkpoint, and for EFA a placement group."""

    def __init__(self, order: PoolOrder, nodes: Ec2Nodes) -> None:
        super().__init__("group", order.scope, order.opts)
        self.order, self.nodes, self.unit = order, nodes, nodes.unit
        self.group = self._group()
        self.hook = aws.autoscaling.LifecycleHook(
            self.unit,
            name=GroupNames(self.scope.deployment, self.order.name).hook,
            autoscaling_group_name=self.group.name,
            lifecycle_transition="autoscaling:EC2_INSTANCE_TERMINATING",
            heartbeat_timeout=HEARTBEAT,
            default_result="CONTINUE",
            opts=self.named(),
        )

    def _group(self) -> aws.autoscaling.Group:
        close = self._placement().name if self.order.pool.interconnect == "efa" else None
        return aws.autoscaling.Group(
            self.unit,
            name=GroupNames(self.scope.deployment, self.order.name).group,
            min_size=0,
            max_size=self.nodes.shape.nodes,
            desired_capacity=0,
            # A burst lets it launch: what others raise starts nothing. Even zones are not worth a job's machine.
            suspended_processes=["AZRebalance", "Launch"],
            mixed_instances_policy=self._policy(),
            capacity_rebalance=True,
            vpc_zone_identifiers=pool_subnets(self.order),
            placement_group=close,
            protect_from_scale_in=False,
            force_delete=True,  # machines that still stand go with the group, and wait for nothing
            wait_for_capacity_timeout="0",
            tags=[
                aws.autoscaling.GroupTagArgs(key=key, value=value, propagate_at_launch=True)
                for key, value in self.scope.tags(self.scope.name(self.unit)).items()
            ],
            opts=pulumi.ResourceOptions(
                parent=self,
                delete_before_replace=True,
                ignore_changes=[*SCALING_GROUP],
                depends_on=[self.nodes.profile, *self.nodes.role.policies],
            ),
        )

    def _policy(self) -> aws.autoscaling.GroupMixedInstancesPolicyArgs:
        """https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups.html"""
        asg = aws.autoscaling
        spot = any(one.kind == "spot" for one in purchases(self.order.pool))
        template = asg.GroupMixedInstancesPolicyLaunchTemplateLaunchTemplateSpecificationArgs(
            launch_template_id=self.nodes.template.id, version="$Default"
        )
        overrides = [
            asg.GroupMixedInstancesPolicyLaunchTemplateOverrideArgs(instance_type=kind)
            for kind in self.nodes.shape.instance_types
        ]
        distribution: dict[str, Any] = {
            "on_demand_allocation_strategy": "prioritized",
            "on_demand_base_capacity": 0,
            "on_demand_percentage_above_base_capacity": 0 if spot else 100,
            "spot_allocation_strategy": "price-capacity-optimized",
        }
        return asg.GroupMixedInstancesPolicyArgs(
            instances_distribution=asg.GroupMixedInstancesPolicyInstancesDistributionArgs(**distribution),
            launch_template=asg.GroupMixedInstancesPolicyLaunchTemplateArgs(
                launch_template_specification=template, overrides=overrides
            ),
        )

    def _placement(self) -> aws.ec2.PlacementGroup:
        """Close together in one zone. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-strategies.html"""
        name = self.scope.name(self.unit, limit=255)
        return aws.ec2.PlacementGroup(
            self.unit, name=name, strategy="cluster", tags=self.scope.tags(name), opts=self.named()
        )
