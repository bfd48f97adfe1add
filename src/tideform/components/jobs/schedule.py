"""A pool's job that starts by itself: a function in the account that begins a burst, and what calls it.

Nothing of it needs this program: the function writes the lease and begins the job, and the reaper gives it back. What
it starts stands in its package (`start_plan`); who calls it says no more than why. How a job begins is the backend's
own (`components.jobs.begins`).
"""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.iam.grants import use_key
from tideform.components.iam.policies import Statement, allow, plain_trust
from tideform.components.iam.roles import ServiceRole
from tideform.components.jobs.begins import Begins
from tideform.components.jobs.cargo import Cargo
from tideform.components.jobs.trigger import Arrivals
from tideform.components.monitoring.logs import log_group
from tideform.components.reaper.launchers import STARTER
from tideform.components.reaper.own_function import Calls, on_schedule, own_function
from tideform.components.reaper.package import package
from tideform.components.storage.burst_places import bursts_bucket
from tideform.pools.shape import PoolShape
from tideform.registry.training import PoolOrder, backends
from tideform.spec.training import Schedule

PLAN = "plan.json"  # at the root of the package, where `reaper.starter` looks
HANDLER = "tideform.reaper.starter.handler"
_DEAD = 60  # seconds after a start's time at which one that did not come to its end is given up
_OLDEST = 900  # a start that fails is tried again for a quarter of an hour


class ScheduledBurst(Component):
    """The starter of one pool, and what calls it."""

    def __init__(self, order: PoolOrder, shape: PoolShape, cargo: Cargo, begins: Begins) -> None:
        super().__init__("schedule", order.scope, order.opts)
        self.order, self.shape, self.cargo, self.begins = order, shape, cargo, begins
        self.part = f"{order.scope.unit or order.name}-{STARTER}"
        self.name = self.scope.name(self.part, limit=64)
        self.function = self._function()
        if order.pool.schedule is not None:
            self._schedule(order.pool.schedule)
        if order.pool.trigger is not None:
            Arrivals(order, order.pool.trigger, self.function, self.nameless)
        self._alarm()

    def _function(self) -> aws.lambda_.Function:
        group = f"/aws/lambda/{self.name}"
        logs = log_group(self.part, group, self.scope, self.order.site.key_arn, self.named())
        role = ServiceRole(
            self.part,
            self.scope,
            trust=plain_trust("lambda.amazonaws.com"),
            description=f"Begins bursts of {self.order.name}",
            statements=self._statements(group),
            braked=True,
            opts=self.nameless,
        )
        plan = json.dumps(start_plan(self.order, self.shape, self.cargo, self.begins), sort_keys=True)
        return own_function(
            self,
            self.part,
            name=self.name,
            description=f"Begins bursts of {self.order.name}",
            files={**package(), PLAN: plan, **self.cargo.files},
            handler=HANDLER,
            seconds=self.begins.seconds,
            variables=self._variables(),
            key_arn=self.order.site.key_arn,
            role=role,
            after=[logs],
        )

    def _variables(self) -> dict[str, pulumi.Input[str]]:
        place = self.begins.place
        return {"TABLE": self._table, **({"PLACE": pulumi.Output.json_dumps(dict(place))} if place else {})}

    def _statements(self, group: str) -> list[Statement]:
        scope = self.scope
        sent = [scope.bucket_arn(bursts_bucket(scope.deployment), "code/*")]
        return [
            *([allow("SendCode", ["s3:PutObject"], sent)] if self.cargo.files else []),
            *self.begins.statements,
            allow(
                "Lease", ["dynamodb:GetItem", "dynamodb:UpdateItem"], [scope.arn("dynamodb", f"table/{self._table}")]
            ),
            allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], [scope.arn("logs", f"log-group:{group}:*")]),
            use_key(scope),
        ]

    def _schedule(self, schedule: Schedule) -> None:
        part = f"{self.order.scope.unit or self.order.name}-schedule"
        told = json.dumps({"cause": "schedule"})
        about = f"Runs the job of {self.order.name}"
        calls = Calls(schedule.expression, about, _OLDEST, told, schedule.timezone)
        names = {"role_part": part, "name": self.scope.name(part, limit=64), "of": self.name}
        on_schedule(self, part, calls=calls, function=self.function, **names)

    def _alarm(self) -> None:
        """A job that did not start at night is nobody's news otherwise."""
        topic = self.scope.arn("sns", self.scope.name("alerts", limit=256))
        aws.cloudwatch.MetricAlarm(
            self.part,
            name=self.scope.name(self.part, limit=255),
            alarm_description=f"A burst of {self.order.name} could not begin by itself",
            namespace="AWS/Lambda",
            metric_name="Errors",
            dimensions={"FunctionName": self.name},
            statistic="Sum",
            period=300,
            evaluation_periods=1,
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            treat_missing_data="notBreaching",
            alarm_actions=[topic],
            tags=self.scope.tags(),
            opts=self.named(after=[self.function]),
        )

    @property
    def _table(self) -> str:
        return self.scope.name("leases", limit=255)


def start_plan(order: PoolOrder, shape: PoolShape, cargo: Cargo, begins: Begins) -> dict[str, Any]:
    """What the starter is told (`reaper.starter`): plain data, so that it needs no spec."""
    pool, deployment = order.pool, order.scope.deployment
    return {
        "pool": deployment.identity("training", order.name),
        "handle": backends()[pool.backend].handle(deployment, order.name),
        "prices": {kind.name: kind.on_demand_usd for kind in shape.types},
        "lease_seconds": pool.lease.seconds,
        "begin_within": begins.seconds + _DEAD,
        "cap_usd": None if pool.max_cost is None else str(pool.max_cost.usd),
        **cargo.plan,
        **begins.plan,
    }
