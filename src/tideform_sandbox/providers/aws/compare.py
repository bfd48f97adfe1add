"""When two values of an input mean the same, and where they differ.

AWS gives documents back reformatted, lists in another order, numbers as text and unset fields as their empty
value. None of that is a change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tideform_sandbox.providers.aws.wire import UNKNOWN


class Change(Enum):
    """What happened to one path."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Difference:
    """One changed path, in the engine's notation: ``tags.owner``, ``rules[0].status``."""

    path: str
    change: Change

    @property
    def root(self) -> str:
        """The input that the path belongs to."""
        return self.path.split(".")[0].split("[")[0]


def same(one: Any, other: Any) -> bool:
    """Whether two values, both complete, mean the same."""
    return bool(_canonical(one) == _canonical(other))


def covers(wanted: Any, live: Any) -> bool:
    """Whether everything that was asked for is so; what AWS adds inside of objects (its defaults) is ignored."""
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return all(covers(value, live.get(key)) for key, value in wanted.items())
    if isinstance(wanted, list) and isinstance(live, list):
        return len(wanted) == len(live) and _each_is_covered(wanted, live)
    return same(wanted, live)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """Every changed path between two sets of inputs, in order."""
    return [found for key in sorted({*old, *new}) for found in _compare(key, old.get(key), new.get(key))]


def _each_is_covered(wanted: list[Any], live: list[Any]) -> bool:
    rest = list(live)
    for item in wanted:
        match = next((index for index, candidate in enumerate(rest) if covers(item, candidate)), None)
        if match is None:
            return False
        rest.pop(match)
    return True


def _compare(path: str, old: Any, new: Any) -> list[Difference]:
    if new is not UNKNOWN and same(old, new):
        return []
    if _is_empty(old):
        return [Difference(path, Change.ADD)]
    if _is_empty(new):
        return [Difference(path, Change.DELETE)]
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        keys = sorted({*old, *new})
        return [d for key in keys for d in _compare(_member(path, key), old.get(key), new.get(key))]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = enumerate(zip(old, new, strict=True))
        return [d for index, (a, b) in pairs for d in _compare(f"{path}[{index}]", a, b)]
    return [Difference(path, Change.UPDATE)]


def _member(path: str, key: str) -> str:
    return f"{path}.{key}" if key.replace("_", "").isalnum() else f'{path}["{key}"]'


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _canonical(value: Any) -> Any:
    """A form in which equal meanings are equal: unordered lists, no empty members, text for numbers."""
    value = _parsed(value)
    if isinstance(value, Mapping):
        members = ((str(key), _canonical(item)) for key, item in value.items())
        return tuple(sorted((m for m in members if m[1] is not None), key=repr)) or None
    if isinstance(value, list | tuple):
        items = sorted((_canonical(item) for item in value), key=repr)
        return items[0] if len(items) == 1 else tuple(items) or None
    if isinstance(value, bool):
        return "true" if value else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None or value == "" or value == "false" else str(value)
