"""Lambda: a function that may not run even once at a time says so, as others say how often they may.

https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html
"""

from __future__ import annotations

from typing import Any

from moto.awslambda.models import LambdaFunction

from tideform_sandbox.extension.nouns import Store
from tideform_sandbox.extension.request import put


def install(_: Store) -> None:
    """Extend moto's Lambda, which takes a reservation of nothing for none."""
    original = LambdaFunction.get_code

    def get_code(self: Any) -> dict[str, Any]:
        told: dict[str, Any] = original(self)
        if self.reserved_concurrency is None:
            return told
        return {**told, "Concurrency": {"ReservedConcurrentExecutions": int(self.reserved_concurrency)}}

    put(LambdaFunction, "get_code", get_code)
