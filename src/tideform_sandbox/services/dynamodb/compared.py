"""DynamoDB: what is of another type is neither smaller nor larger. moto lets Python compare them, and answers 500.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.dynamodb import comparisons

from tideform_sandbox.extension.request import put

_RELATIONS = ("OpLessThan", "OpGreaterThan", "OpLessThanOrEqual", "OpGreaterThanOrEqual")


def install() -> None:
    """Make such conditions false."""
    for name in _RELATIONS:
        relation = getattr(comparisons, name)
        put(relation, "expr", _or_false(relation.expr))


def _or_false(expr: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compared(self: Any, item: Any) -> bool:
        try:
            return expr(self, item)
        except TypeError:
            return False

    return compared
