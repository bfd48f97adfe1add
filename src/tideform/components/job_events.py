"""Failed jobs of a pool, told one by one as they happen."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from tideform.catalogue.training._names import PoolNames
from tideform.components.base import Component
from tideform.components.scope import Scope
from tideform.components.topic import AlertTopic


class FailedJobs(Component):
    """A rule that sees each failed job of the pool's queue and tells the topic its name and the reason.

    https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html
    """

    def __init__(self, pool: str, scope: Scope, alerts: AlertTopic, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"failed-jobs-{pool}", scope, opts)
        self.rule_name = rule_name(pool, scope)
        rule = aws.cloudwatch.EventRule(
            pool,
            name=self.rule_name,
            description=f"Failed jobs of pool {pool}",
            event_pattern=json.dumps(_pattern(pool, scope), sort_keys=True),
            state="ENABLED",
            tags=scope.tags(),
            opts=self.named(),
        )
        aws.cloudwatch.EventTarget(
            pool,
            rule=rule.name,
            target_id="alerts",
            arn=alerts.topic.arn,
            input_transformer=aws.cloudwatch.EventTargetInputTransformerArgs(
                input_paths={"job": "$.detail.jobName", "reason": "$.detail.statusReason"},
                input_template=f'"Job <job> of pool {pool} failed: <reason>"',
            ),
            opts=self.named(after=[alerts.policy]),
        )


def rule_name(pool: str, scope: Scope) -> str:
    """The rule's name; EventBridge allows 64 characters."""
    return scope.name(f"{pool}-failed", limit=64)


def _pattern(pool: str, scope: Scope) -> dict[str, object]:
    queue = scope.arn("batch", f"job-queue/{PoolNames(scope.deployment, pool).job_queue}")
    return {
        "source": ["aws.batch"],
        "detail-type": ["Batch Job State Change"],
        "detail": {"status": ["FAILED"], "jobQueue": [queue]},
    }
