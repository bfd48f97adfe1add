"""What a schedule calls: templated targets by their ARN, and any operation of any service as a universal target.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tideform.times import utc
from tideform_sandbox.services.events import calls
from tideform_sandbox.services.events.shapes import adapted

if TYPE_CHECKING:
    from tideform_sandbox.world import World

_UNIVERSAL = ":scheduler:::aws-sdk:"
_NAMES = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}  # where botocore's name is another


@dataclass(frozen=True)
class Occurrence:
    """One time that a schedule comes due."""

    schedule_arn: str
    due: float
    id: str

    def filled(self, text: str, attempt: int) -> str:
        """A text with the context attributes filled in."""
        words = {
            "schedule-arn": self.schedule_arn,
            "scheduled-time": utc(self.due),
            "execution-id": self.id,
            "attempt-number": str(attempt),
        }
        for name, value in words.items():
            text = text.replace(f"<aws.scheduler.{name}>", value)
        return text

    def default_input(self) -> str:
        """What a target gets where the schedule says nothing."""
        _, _, _, region, account, *_ = self.schedule_arn.split(":")
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": account,
            "time": "<aws.scheduler.scheduled-time>",
            "region": region,
            "resources": [self.schedule_arn],
            "detail": "{}",
        }
        return json.dumps(event)


def call(world: World, target: dict[str, Any], occurrence: Occurrence, attempt: int) -> None:
    """Call a schedule's target. Raises what the service answers, or `calls.NoSuchTargetError`."""
    text = occurrence.filled(target.get("Input") or occurrence.default_input(), attempt)
    if _UNIVERSAL in target["Arn"]:
        _, _, rest = str(target["Arn"]).partition(_UNIVERSAL)
        region = occurrence.schedule_arn.split(":")[3]
        _universal(world, region, rest, json.loads((target.get("Input") and text) or "{}"))
        return
    calls.call(world, target, text)


def _universal(world: World, region: str, named: str, request: dict[str, Any]) -> None:
    service, _, operation = named.partition(":")
    client = world.client(_NAMES.get(service.lower(), service.lower()), region)
    known = {name.lower(): name for name in client.meta.service_model.operation_names}
    found = known.get(operation.lower())
    if found is None:
        raise calls.NoSuchTargetError(f"{service} has no operation {operation}")
    methods = {name: method for method, name in client.meta.method_to_api_mapping.items()}
    getattr(client, methods[found])(**adapted(client, found, request))
