"""Calls to targets that are tried again while they fail, as EventBridge does: less and less often, for a day.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tideform_sandbox.world import World

log = logging.getLogger(__name__)

_FIRST_WAIT, _LONGEST_WAIT = 10.0, 900.0


@dataclass
class Attempts:
    """One call under a retry policy; ``call`` gets the attempt's number from 1 on.

    ``gave_up`` is told the last error, once; ``retries`` and ``age`` (seconds) are EventBridge's defaults.
    """

    world: World
    key: str
    call: Callable[[int], None]
    retries: int = 185
    age: float = 86400.0
    gave_up: Callable[[Exception], None] = lambda _: None
    made: int = 0
    began: float = 0.0

    def begin(self, due: float) -> None:
        """Call now, and later again where that fails; to be called from an event of the timeline."""
        self.began = due
        if (again := self._try(due)) is not None:
            self.world.timeline.at(again, self.key, self._try)

    def _try(self, due: float) -> float | None:
        self.made += 1
        try:
            self.call(self.made)
        except Exception as error:  # noqa: BLE001  # whatever the target answers, the others must be served
            if self.made == 1:
                log.warning("%s: the target failed: %s", self.key, error)
            again: float = due + min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (self.made - 1))
            if self.made > self.retries or again - self.began > self.age:
                self.gave_up(error)
                return None
            return again
        return None


def of_policy(world: World, key: str, call: Callable[[int], None], target: dict[str, Any], text: str) -> Attempts:
    """The attempts that a target's ``RetryPolicy`` allows; what fails for good goes to its dead-letter queue."""
    policy, queue = target.get("RetryPolicy") or {}, (target.get("DeadLetterConfig") or {}).get("Arn")

    def gave_up(error: Exception) -> None:
        log.error("%s: given up: %s", key, error)
        if queue:
            from tideform_sandbox.services.events.calls import send_message

            send_message(world, queue, text)

    retries, age = policy.get("MaximumRetryAttempts"), policy.get("MaximumEventAgeInSeconds")
    return Attempts(
        world,
        key,
        call,
        retries=185 if retries is None else int(retries),
        age=86400.0 if age is None else float(age),
        gave_up=gave_up,
    )
