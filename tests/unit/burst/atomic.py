"""DynamoDB's promise that moto breaks: an operation on an item happens whole, one after the other.

moto checks a condition, copies the item, changes it and writes the answer without a lock: two clients at
once can both see the old item, or one trips over the other's half-made change. One lock restores it.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

_OPERATIONS = (
    "get_item", "put_item", "update_item", "delete_item", "query", "scan",
    "batch_get_item", "batch_write_item", "transact_get_items", "transact_write_items",
)  # fmt: skip
_lock = threading.RLock()


def make_dynamodb_atomic() -> None:
    """Serialise moto's operations on items; calling it again changes nothing."""
    from moto.dynamodb.responses import DynamoHandler

    from tideform_sandbox.services.dynamodb import compared as dynamodb_compared

    dynamodb_compared.install()
    for name in _OPERATIONS:
        operation = getattr(DynamoHandler, name)
        if not hasattr(operation, "atomic"):
            setattr(DynamoHandler, name, _one_at_a_time(operation))


def _one_at_a_time(operation: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(operation)
    def alone(*args: Any, **kwargs: Any) -> Any:
        with _lock:
            return operation(*args, **kwargs)

    alone.atomic = True  # type: ignore[attr-defined]  # how it is known again
    return alone
