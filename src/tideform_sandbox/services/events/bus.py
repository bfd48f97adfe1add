"""The events that services put on EventBridge's default bus, on their way to whoever has a rule for them.

https://docs.aws.amazon.com/eventbridge/latest/ref/events.html
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from tideform.times import utc
from tideform_sandbox.timeline import Timeline

Event = dict[str, Any]
Deliver = Callable[[Event], None]


class Bus:
    """Takes events from any thread, and delivers them from the timeline: the sender never waits for a target."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.deliver: list[Deliver] = []

    def publish(
        self,
        source: str,
        detail_type: str,
        detail: dict[str, Any],
        *,
        account: str,
        region: str,
        resources: Sequence[str] = (),
    ) -> None:
        """Put a service's event on the default bus of an account's region."""
        now = self._timeline.clock.now()
        event: Event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": account,
            "time": utc(now),
            "region": region,
            "resources": list(resources),
            "detail": detail,
        }
        self._timeline.at(now, f"event/{event['id']}", lambda _: self._hand_on(event))

    def _hand_on(self, event: Event) -> None:
        for deliver in list(self.deliver):
            deliver(event)
