"""An endpoint that follows its load between two numbers of instances."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.registry.serving import EndpointOrder

DEFAULT_TARGET = 100  # invocations a minute and instance, where the spec names no target
_OUT_SECONDS, _IN_SECONDS = 60, 300  # quick to grow, slow to shrink: load that fell often comes back


class EndpointScaling(Component):
    """Target tracking on invocations per instance.

    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html
    """

    def __init__(
        self, order: EndpointOrder, endpoint: str, variant: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("scaling", order.scope, opts)
        unit, scale = order.scope.unit or order.name, order.endpoint.scale
        target = aws.appautoscaling.Target(
            unit,
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            resource_id=f"endpoint/{endpoint}/variant/{variant}",
            min_capacity=scale.min,
            max_capacity=scale.max,
            tags=self.scope.tags(),
            opts=self.named(),
        )
        metric = aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs
        aws.appautoscaling.Policy(
            unit,
            name=self.scope.name(unit, limit=256),
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration=aws.appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
                target_value=float(scale.target_invocations or DEFAULT_TARGET),
                predefined_metric_specification=metric(predefined_metric_type="SageMakerVariantInvocationsPerInstance"),
                scale_out_cooldown=_OUT_SECONDS,
                scale_in_cooldown=_IN_SECONDS,
            ),
            opts=self.named(),
        )
