"""What a policy loses by a change. Pure.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Right = tuple[str, str, str, str]  # effect, action, resource, the rest of its statement


def narrows(before: Any, after: Any) -> bool:
    """Whether a policy allows less than before, or denies more. False where one of them is not known yet."""
    try:
        old, new = set(_rights(before)), set(_rights(after))
    except (TypeError, ValueError, KeyError, AttributeError):
        return False
    lost = {right for right in old - new if right[0] == "Allow"}
    denied = {right for right in new - old if right[0] != "Allow"}
    return bool(lost or denied)


def _rights(policy: Any) -> Iterator[Right]:
    document = json.loads(policy) if isinstance(policy, str) else policy
    for statement in _each(document["Statement"]):
        rest = {key: value for key, value in statement.items() if key not in ("Sid", "Effect", "Action", "Resource")}
        for action in _each(statement.get("Action", "")):
            for resource in _each(statement.get("Resource", "")):
                yield statement["Effect"], action, resource, json.dumps(rest, sort_keys=True)


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
