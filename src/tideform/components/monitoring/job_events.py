"""Failed jobs of a pool, told one by one as they happen; each backend has its own event for them."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.monitoring.topic import AlertTopic
from tideform.components.scope import Scope
from tideform.registry.training import Failure


class FailedJobs(Component):
    """A rule that sees each failed job of the pool and tells the topic its name and the reason."""

    def __init__(
        self,
        pool: str,
        failure: Failure,
        scope: Scope,
        alerts: AlertTopic,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(f"failed-jobs-{pool}", scope, opts)
        self.rule_name = rule_name(pool, scope)
        rule = aws.cloudwatch.EventRule(
            pool,
            name=self.rule_name,
            description=f"Failed jobs of pool {pool}",
            event_pattern=json.dumps(failure.pattern, sort_keys=True),
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
                input_paths={"job": failure.job, "reason": failure.reason},
                input_template=f'"Job <job> of pool {pool} failed: <reason>"',
            ),
            opts=self.named(after=[alerts.policy]),
        )


def rule_name(pool: str, scope: Scope) -> str:
    """The rule's name; EventBridge allows 64 characters."""
    return scope.name(f"{pool}-failed", limit=64)
