"""EventBridge's rules: who gets an event. moto matches, we deliver, from the timeline.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from tideform.times import utc
from tideform_sandbox.backends import backends
from tideform_sandbox.extension.request import put
from tideform_sandbox.services.events import calls, inputs
from tideform_sandbox.services.events.attempts import of_policy

if TYPE_CHECKING:
    from tideform_sandbox.world import World


def install(world: World) -> None:
    """Change moto's rules, and hear of what services put on the default bus."""
    from moto.events.models import Rule

    def send_to_targets(self: Any, original_event: dict[str, Any], transform_input: bool = True) -> None:  # noqa: ARG001  # moto's
        event = _told(original_event)
        if _wants(self, event):
            deliver(world, self, event)

    put(Rule, "send_to_targets", send_to_targets)
    world.bus.deliver.append(lambda event: on_default_bus(world, event))


def on_default_bus(world: World, event: dict[str, Any]) -> None:
    """Deliver a service's event to the rules of its account and region."""
    for backend in backends("events"):
        if (backend.account_id, backend.region_name) == (event["account"], event["region"]):
            for rule in list(backend.event_buses["default"].rules.values()):
                if _wants(rule, event):
                    deliver(world, rule, event)


def deliver(world: World, rule: Any, event: dict[str, Any]) -> None:
    """Let all targets of a rule have an event, now."""
    for target in list(rule.targets):
        text = inputs.text_for(target, event, rule.arn)
        key = f"{rule.arn}/{target['Id']}/{uuid.uuid4()}"
        attempts = of_policy(world, key, _call_of(world, target, text), target, text)
        world.timeline.at(world.clock.now(), f"{key}/first", attempts.begin)


def _call_of(world: World, target: dict[str, Any], text: str) -> Any:
    return lambda _: calls.call(world, target, text)


def _wants(rule: Any, event: dict[str, Any]) -> bool:
    pattern = rule.event_pattern
    return rule.state != "DISABLED" and bool(pattern.get_pattern()) and bool(pattern.matches_event(event))


def _told(event: dict[str, Any]) -> dict[str, Any]:
    """As a target sees it: the time is text, and what moto adds for itself is gone."""
    told = {key: value for key, value in event.items() if key != "ingestion-time"}
    if isinstance(told.get("time"), int | float):
        told["time"] = utc(told["time"])
    return told
