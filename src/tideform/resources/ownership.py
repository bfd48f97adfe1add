"""Whether what stands under a name of ours is ours, by its wanted inputs and its live outputs.

Tags say so, from the creation on. What AWS gives no tags is a part of something that is ours (a bucket's policy, a
queue's rule) and shares its parent's answer, but for the few that have a name of their own: those are ours if they
point to what is ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

Ours = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]
_OWNERSHIP = ("tideform:project", "tideform:environment")


def by_tags(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> bool:
    """Project and environment in the tags decide; what takes no tags is as much ours as what it is a part of."""
    if tags := tags_in(inputs):
        live = tags_in(outputs)
        return all(live.get(key) == tags.get(key) for key in _OWNERSHIP)
    return True


def pointing(key: str) -> Ours:
    """Untagged, and under a name of its own: this property must be as we wrote it."""
    return lambda inputs, outputs: same(inputs.get(key), outputs.get(key))


def with_its_parent(_inputs: Mapping[str, Any], _outputs: Mapping[str, Any]) -> bool:
    """AWS makes it untagged along with its parent, and its id was looked up in one of ours."""
    return True


def tags_in(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Most types have them as a mapping, an Auto Scaling group as a list."""
    said = properties.get("tags")
    return {tag["key"]: tag["value"] for tag in said} if isinstance(said, list) else said or {}


def same(one: Any, other: Any) -> bool:
    """Whether two values, or the JSON documents that they are, say the same."""
    return bool(parsed(one) == parsed(other))


def parsed(value: Any) -> Any:
    """A document's content: AWS gives JSON back in its own order and spacing."""
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value
