"""A catalogue measure as a CloudWatch alarm."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from tideform.components.scope import Scope
from tideform.registry.alarms import Measure


def metric_alarm(
    part: str,
    measure: Measure,
    scope: Scope,
    *,
    actions: Sequence[pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> aws.cloudwatch.MetricAlarm:
    """The alarm; ``actions`` are told when it fires and when it is over."""
    percentile = measure.statistic.startswith("p")
    return aws.cloudwatch.MetricAlarm(
        part,
        name=scope.name(part, limit=255),
        alarm_description=measure.why,
        namespace=measure.namespace,
        metric_name=measure.metric,
        dimensions=dict(measure.dimensions),
        statistic=None if percentile else measure.statistic,
        extended_statistic=measure.statistic if percentile else None,
        period=measure.period,
        evaluation_periods=measure.periods,
        datapoints_to_alarm=measure.datapoints,
        comparison_operator="GreaterThanThreshold",
        threshold=measure.threshold,
        treat_missing_data="notBreaching",
        alarm_actions=list(actions),
        ok_actions=list(actions),
        tags=scope.tags(),
        opts=opts,
    )
