"""The reaper in the account: a function that ends every burst past its limits, and the schedule that calls it.

It is the brake that needs nobody: no command line, no state file, no engine.
"""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.launchers import karpenter_roles
from tideform.components.lease_table import LeaseTable
from tideform.components.logs import log_group
from tideform.components.own_function import Calls, on_schedule, own_function
from tideform.components.policies import plain_trust
from tideform.components.pool_shape import shape_of
from tideform.components.reaper_package import HANDLER, package
from tideform.components.reaper_statements import reaper_statements
from tideform.components.roles import ServiceRole
from tideform.components.scope import Scope
from tideform.spec.deployment import Deployment

RATE_MINUTES = 5
SILENT_MINUTES = 15
TIMEOUT = 240  # seconds: a round is over before the next one begins


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
        self.name = scope.name("reaper", limit=64)
        self.topic_arn = scope.arn("sns", scope.name("alerts", limit=256))
        group = f"/aws/lambda/{self.name}"
        self.log_group = log_group("reaper", group, scope, key_arn, self.named())
        self.role = self._role(group)
        self.function = self._function(leases, key_arn)
        self.schedule = self._schedule()
        self._alarms()

    def _role(self, group: str) -> ServiceRole:
        pools = self.scope.deployment.spec.training
        return ServiceRole(
            "reaper",
            self.scope,
            trust=plain_trust("lambda.amazonaws.com"),
            description="Ends bursts that are past their limits",
            statements=reaper_statements(
                self.scope,
                table_arn=self.scope.arn("dynamodb", f"table/{self.scope.name('leases', limit=255)}"),
                topic_arn=self.topic_arn,
                log_group=group,
                reserved=[one for pool in pools.values() for one in pool.capacity.reserved],
                launch_roles=[self.scope.role_arn(name) for name in karpenter_roles(self.scope)],
            ),
            opts=self.nameless,
        )

    def _function(self, leases: LeaseTable, key_arn: pulumi.Input[str]) -> aws.lambda_.Function:
        return own_function(
            self,
            "reaper",
            name=self.name,
            description="Ends bursts that are past their limits",
            files=package(),
            handler=HANDLER,
            seconds=TIMEOUT,
            variables=self._variables(),
            key_arn=key_arn,
            role=self.role,
            after=[leases.table, self.log_group],
        )

    def _variables(self) -> dict[str, str]:
        """See `tideform.burst.reaper.settings`. A topic that is not there yet tells nobody, and fails nothing."""
        deployment, budget = self.scope.deployment, self.scope.deployment.spec.budget
        stop = {"BUDGET_USD": f"{budget.monthly.usd:.2f}"} if budget is not None and budget.hard_stop else {}
        return {
            "TABLE": self.scope.name("leases", limit=255),
            "PROJECT": deployment.spec.project,
            "ENVIRONMENT": deployment.environment,
            "TOPIC": self.topic_arn,
            **stop,
            **_reserved(deployment),
        }

    def _schedule(self) -> aws.scheduler.Schedule:
        calls = Calls(f"rate({RATE_MINUTES} minutes)", "Calls the reaper every five minutes", RATE_MINUTES * 60)
        names = {"role_part": "reaper-schedule", "name": self.name, "of": self.name}
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


def _reserved(deployment: Deployment) -> dict[str, str]:
    """What AWS has reserved for each pool, and what its types cost an hour."""
    found = {
        name: {"ids": ids, "prices": {kind.name: kind.on_demand_usd for kind in shape_of(pool).types}}
        for name, pool in deployment.spec.training.items()
        if (ids := pool.capacity.reserved)
    }
    return {"RESERVED": json.dumps(found, sort_keys=True)} if found else {}
