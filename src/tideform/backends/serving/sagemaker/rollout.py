"""How a new version of a model takes over from the old one."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi_aws as aws

from tideform.components.scope import Scope
from tideform.registry.alarms import Measure, endpoint_alarms
from tideform.registry.serving import EndpointOrder
from tideform.spec.serving import Endpoint, Rollout

_KEEP_OLD_SECONDS = 300


def first_instances(endpoint: Endpoint) -> int:
    """How many instances a configuration starts with. A canary is at most half of them, so it needs two.

    https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-canary.html
    """
    canary = endpoint.rollout is not None and endpoint.rollout.canary is not None
    return max(endpoint.scale.min, 2) if canary else endpoint.scale.min


def rollback_measures(order: EndpointOrder, endpoint: str, variant: str) -> dict[str, Measure]:
    """What takes a rollout back, by name: the catalogue's alarms that say so, in the endpoint's own stack."""
    if order.endpoint.rollout is None:
        return {}
    return {
        f"{order.scope.unit}-rollback-{entry.id}": entry.measure(endpoint, variant, order.endpoint)
        for entry in endpoint_alarms()
        if entry.rolls_back and entry.applies(order.endpoint)
    }


def deployment_config(
    rollout: Rollout | None, alarms: Iterable[str], scope: Scope
) -> aws.sagemaker.EndpointDeploymentConfigArgs | None:
    """A blue/green update: the canary first, then, if no alarm fired while it baked, everything."""
    if rollout is None:
        return None
    alarm = aws.sagemaker.EndpointDeploymentConfigAutoRollbackConfigurationAlarmArgs
    return aws.sagemaker.EndpointDeploymentConfigArgs(
        blue_green_update_policy=aws.sagemaker.EndpointDeploymentConfigBlueGreenUpdatePolicyArgs(
            traffic_routing_configuration=_routing(rollout), termination_wait_in_seconds=_KEEP_OLD_SECONDS
        ),
        auto_rollback_configuration=aws.sagemaker.EndpointDeploymentConfigAutoRollbackConfigurationArgs(
            alarms=[alarm(alarm_name=scope.name(part, limit=255)) for part in alarms]
        ),
    )


def _routing(
    rollout: Rollout,
) -> aws.sagemaker.EndpointDeploymentConfigBlueGreenUpdatePolicyTrafficRoutingConfigurationArgs:
    sagemaker = aws.sagemaker
    size = sagemaker.EndpointDeploymentConfigBlueGreenUpdatePolicyTrafficRoutingConfigurationCanarySizeArgs
    return sagemaker.EndpointDeploymentConfigBlueGreenUpdatePolicyTrafficRoutingConfigurationArgs(
        type="CANARY" if rollout.canary else "ALL_AT_ONCE",
        wait_interval_in_seconds=rollout.bake.seconds,
        canary_size=size(type="CAPACITY_PERCENT", value=rollout.canary.value) if rollout.canary else None,
    )
