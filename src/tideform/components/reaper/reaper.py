"""The reaper in the account: a function that ends every burst past its limits, and the schedule that calls it.

It is the brake that needs nobody: no command line, no state file, no engine.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.iam.policies import plain_trust
from tideform.components.iam.roles import ServiceRole
from tideform.components.monitoring.logs import log_group
from tideform.components.reaper.lease_table import LeaseTable
from tideform.components.reaper.own_function import Calls, on_schedule, own_function
from tideform.components.reaper.package import HANDLER
from tideform.components.reaper.plan import (
    RATE_MINUTES,
    SCHEDULE_ROLE,
    TIMEOUT,
    as_made,
    files,
    log_group_name,
    reaper_name,
    statements,
    topic_arn,
    variables,
)
from tideform.components.scope import Scope

SILENT_MINUTES = 15


class Reaper(Component):
    """Function, role, log, schedule and alarms. It goes before the lease table: it depends on it."""

    def __init__(
        self,
        scope: Scope,
        leases: LeaseTable,
        *,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("reaper", scope, opts)
        self.name = reaper_name(scope)
        self.topic_arn = topic_arn(scope)
        self.log_group = log_group("reaper", log_group_name(scope), scope, key_arn, self.named())
        self.role = self._role()
        self.function = self._function(leases, key_arn)
        self.schedule = self._schedule()
        self._alarms()
        self.register_outputs(as_made(scope))  # in the state, where no refresh writes: `burst.applied.made`

    def _role(self) -> ServiceRole:
        return ServiceRole(
            "reaper",
            self.scope,
            trust=plain_trust("lambda.amazonaws.com"),
            description="Ends bursts that are past their limits",
            statements=statements(self.scope),
            opts=self.nameless,
        )

    def _function(self, leases: LeaseTable, key_arn: pulumi.Input[str]) -> aws.lambda_.Function:
        return own_function(
            self,
            "reaper",
            name=self.name,
            description="Ends bursts that are past their limits",
            files=files(self.scope.deployment),
            handler=HANDLER,
            seconds=TIMEOUT,
            variables=variables(self.scope),
            key_arn=key_arn,
            role=self.role,
            after=[leases.table, self.log_group],
        )

    def _schedule(self) -> aws.scheduler.Schedule:
        calls = Calls(f"rate({RATE_MINUTES} minutes)", "Calls the reaper every five minutes", RATE_MINUTES * 60)
        names = {"role_part": SCHEDULE_ROLE, "name": self.name, "of": self.name}
        return on_schedule(self, "reaper", calls=calls, function=self.function, **names)

    def _alarms(self) -> None:
        """Somebody is told when a round fails, and when there is none: no data is the alarm."""
        self._alarm("reaper-fails", "Errors", "The reaper could not look after a burst", "GreaterThanThreshold", 0, 300)
        self._alarm(
            "reaper-silent",
            "Invocations",
            f"The reaper has not run for {SILENT_MINUTES} minutes: bursts may outlive their limits",
            "LessThanThreshold",
            1,
            SILENT_MINUTES * 60,
        )

    def _alarm(self, part: str, metric: str, why: str, comparison: str, threshold: int, period: int) -> None:
        aws.cloudwatch.MetricAlarm(
            part,
            name=self.scope.name(part, limit=255),
            alarm_description=why,
            namespace="AWS/Lambda",
            metric_name=metric,
            dimensions={"FunctionName": self.name},
            statistic="Sum",
            period=period,
            evaluation_periods=1,
            comparison_operator=comparison,
            threshold=threshold,
            treat_missing_data="breaching" if comparison == "LessThanThreshold" else "notBreaching",
            alarm_actions=[self.topic_arn],
            ok_actions=[self.topic_arn],
            tags=self.scope.tags(),
            opts=self.named(after=[self.function]),
        )
