"""Invokes functions: for an answer at once, or later from the timeline, with Lambda's bounds and retries.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

from tideform_sandbox.services.awslambda.function import Function, Outcome
from tideform_sandbox.services.awslambda.invocation import Invocation

if TYPE_CHECKING:
    from tideform_sandbox.world import World

_RETRY_AFTER = (60.0, 120.0)  # the sandbox's seconds between the attempts of an asynchronous invocation
_BUSY = 1.0  # and until one is tried again that met others at work


class Throttled(Exception):  # noqa: N818  # Lambda's answer, not a failure of ours
    """As many invocations as the function has reserved are running."""


class Invoker:
    """All functions of the sandbox. Every method may be called from any thread."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self._invocations: set[Invocation] = set()

    def invoke(self, function: Function, event: Any, request_id: str | None = None) -> Outcome:
        """Run a function to its end. Raises `Throttled` if its reservation is used up."""
        self._enter(function)
        try:
            invocation = Invocation(self._world, function, event, request_id)
            self._invocations.add(invocation)
            outcome = invocation.outcome()
            self._invocations.discard(invocation)
        finally:
            with self._lock:
                self._running[function.arn] -= 1
        self._measure(function, Invocations=1, Errors=1 if outcome.error else 0)
        return outcome

    def invoke_later(self, function: Function, event: Any) -> str:
        """Put an asynchronous invocation on the timeline, where it happens now; returns its request's id."""
        request_id = str(uuid.uuid4())
        attempts = 0

        def happen(due: float) -> float | None:
            nonlocal attempts
            try:
                outcome = self.invoke(function, event, request_id)
            except Throttled:
                return due + _BUSY
            attempts += 1
            if outcome.error is None or attempts > min(function.retries, len(_RETRY_AFTER)):
                return None
            return due + _RETRY_AFTER[attempts - 1]

        self._world.timeline.at(self._world.clock.now(), f"invoke/{request_id}", happen, aside=True)
        return request_id

    def close(self) -> None:
        """End what runs."""
        for invocation in list(self._invocations):
            invocation.hang_up()

    def _enter(self, function: Function) -> None:
        with self._lock:
            if function.at_once is not None and self._running[function.arn] >= function.at_once:
                throttled = True
            else:
                throttled = False
                self._running[function.arn] += 1
        if throttled:
            self._measure(function, Throttles=1)
            raise Throttled(function.name)

    def _measure(self, function: Function, **values: int) -> None:
        """Lambda's own metrics, which alarms watch."""
        from moto.cloudwatch.models import cloudwatch_backends

        dimensions = [{"Name": "FunctionName", "Value": function.name}]
        cloudwatch_backends[function.account][function.region].put_metric_data(
            "AWS/Lambda",
            [
                {"MetricName": name, "Value": value, "Unit": "Count", "Dimensions": dimensions}
                for name, value in values.items()
            ],
        )
