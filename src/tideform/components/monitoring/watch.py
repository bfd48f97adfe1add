"""Alarms of the catalogue for everything that a deployment runs."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.monitoring.alarm import metric_alarm
from tideform.components.monitoring.budget import monthly_budget
from tideform.components.monitoring.budget_action import BudgetStop
from tideform.components.monitoring.dashboard import dashboard_body
from tideform.components.monitoring.job_events import FailedJobs
from tideform.components.monitoring.topic import AlertTopic
from tideform.components.names import VARIANT
from tideform.components.scope import Scope
from tideform.components.served import served
from tideform.registry.alarms import endpoint_alarms, pool_alarms
from tideform.registry.training import Failure, backends
from tideform.spec.serving import Endpoint


class Watch(Component):
    """What tells ``alerts``: each pool's failed jobs, each endpoint's alarms, and the budget; and the dashboard."""

    def __init__(self, scope: Scope, alerts: AlertTopic, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("watch", scope, opts)
        self.alerts = alerts
        deployment = scope.deployment
        failures = _failures(scope)
        endpoints = served(deployment)
        for pool, failure in failures.items():
            self._pool(pool, failure)
        for name, endpoint in endpoints.items():
            self._endpoint(name, endpoint)
        if deployment.spec.budget is not None:
            budget = monthly_budget(
                deployment.spec.budget,
                scope,
                topic_arn=alerts.topic.arn,
                opts=self.named(after=[alerts.policy]),
            )
            if BudgetStop.wanted(scope):
                BudgetStop(budget, scope, topic_arn=alerts.topic.arn, opts=self.nameless)
        self.dashboard = aws.cloudwatch.Dashboard(
            "overview",
            dashboard_name=scope.name("overview", limit=255),
            dashboard_body=dashboard_body(scope, list(failures), endpoints, VARIANT),
            opts=self.named(),
        )

    def _pool(self, pool: str, failure: Failure) -> None:
        failed = FailedJobs(pool, failure, self.scope, self.alerts, self.nameless)
        for entry in pool_alarms():
            metric_alarm(
                f"{pool}-{entry.id}",
                entry.measure(failed.rule_name),
                self.scope,
                actions=[self.alerts.topic.arn],
                opts=self.named(),
            )

    def _endpoint(self, name: str, endpoint: Endpoint) -> None:
        for entry in endpoint_alarms():
            if entry.applies(endpoint):
                metric_alarm(
                    f"{name}-{entry.id}",
                    entry.measure(self.scope.name(name), VARIANT, endpoint),
                    self.scope,
                    actions=[self.alerts.topic.arn],
                    opts=self.named(),
                )


def _failures(scope: Scope) -> dict[str, Failure]:
    """The event of a failed job, by the name that each pool was made under: of some backends AWS tells none."""
    deployment = scope.deployment
    made = {deployment.identity("training", name): pool.backend for name, pool in deployment.spec.training.items()}
    found = {pool: backends()[backend].failure(pool, scope) for pool, backend in made.items()}
    return {pool: failure for pool, failure in found.items() if failure is not None}
