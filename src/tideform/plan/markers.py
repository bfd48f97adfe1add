"""Plan values as JSON and back: what is unknown or secret stays so, and nothing else can be taken for it.

A marker is an object with the one key ``$tideform``; a map of the user's that has this key itself is wrapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tideform.model.planned import SECRET, UNKNOWN

_KEY: Final = "$tideform"
_MARKERS: Final = {"unknown": UNKNOWN, "secret": SECRET}


def encode(value: Any) -> Any:
    """The value as JSON-ready data."""
    for name, marker in _MARKERS.items():
        if value is marker:
            return {_KEY: name}
    if isinstance(value, Mapping):
        plain = {str(k): encode(v) for k, v in value.items()}
        return {_KEY: "map", "value": plain} if _KEY in plain else plain
    if isinstance(value, list | tuple):
        return [encode(v) for v in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def decode(value: Any) -> Any:
    """What `encode` was given. Raises `ValueError` for a marker that there is not."""
    if isinstance(value, list):
        return [decode(v) for v in value]
    if not isinstance(value, Mapping):
        return value
    if _KEY not in value:
        return {k: decode(v) for k, v in value.items()}
    if value[_KEY] == "map" and isinstance(inner := value.get("value"), Mapping) and len(value) == 2:
        return {k: decode(v) for k, v in inner.items()}
    if len(value) == 1 and isinstance(value[_KEY], str) and value[_KEY] in _MARKERS:
        return _MARKERS[value[_KEY]]
    raise ValueError(f"an object with the key {_KEY} is no marker")
