"""EventBridge rules with a schedule expression: they fire on the timeline, in UTC.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from tideform.times import utc
from tideform_sandbox.extension.request import AwsError, put
from tideform_sandbox.services.events.rules import deliver
from tideform_sandbox.services.scheduler.expressions import BadExpressionError, following

if TYPE_CHECKING:
    from tideform_sandbox.world import World


def install(world: World) -> None:
    """Put moto's rules on the timeline as they are made, changed, switched and deleted."""
    from moto.events.models import EventsBackend

    def put_rule(self: Any, *given: Any, **named: Any) -> Any:
        if expression := named.get("scheduled_expression"):
            try:
                following(expression, world.clock.now())
            except BadExpressionError as error:
                raise AwsError("ValidationException", "Parameter ScheduleExpression is not valid.") from error
        rule = original(self, *given, **named)
        plan(world, self, rule)
        return rule

    original = EventsBackend.put_rule
    put(EventsBackend, "put_rule", put_rule)
    for name in ("enable_rule", "disable_rule", "delete_rule"):
        put(EventsBackend, name, _followed(world, getattr(EventsBackend, name)))


def plan(world: World, backend: Any, rule: Any) -> None:
    """Let a rule fire at its times; a rate counts from now."""
    key, now = f"rule/{rule.arn}", world.clock.now()
    world.timeline.cancel(key)
    expression = rule.scheduled_expression
    if not expression or rule.state == "DISABLED":
        return

    def fire(due: float) -> float | None:
        if backend.event_buses["default"].rules.get(rule.name) is not rule:
            return None
        deliver(world, rule, _event(rule, due))
        return following(expression, due, anchor=now)

    if (first := following(expression, now, anchor=now)) is not None:
        world.timeline.at(first, key, fire)


def _followed(world: World, original: Any) -> Any:
    def changed(self: Any, name: str, event_bus_arn: str | None = None) -> Any:
        bus = self.event_buses.get((event_bus_arn or "default").split("/")[-1])
        before = bus.rules.get(name) if bus else None
        done = original(self, name, event_bus_arn)
        if before is not None and name in bus.rules:
            plan(world, self, before)
        elif before is not None:
            world.timeline.cancel(f"rule/{before.arn}")
        return done

    return changed


def _event(rule: Any, due: float) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": rule.account_id,
        "time": utc(due),
        "region": rule.region_name,
        "resources": [rule.arn],
        "detail": {},
    }
