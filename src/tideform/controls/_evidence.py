"""Reading planned inputs: nested values that may be unknown, and settings that hang on another resource."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tideform.controls.base import Evidence
from tideform.model.planned import SECRET, UNKNOWN, PlannedResource


def dig(value: Any, *path: str | int) -> Any:
    """The value at a path of keys and indices; None if there is none, UNKNOWN if a step is not known yet."""
    for step in path:
        if value is UNKNOWN or value is SECRET:
            return UNKNOWN
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, Mapping) else None
        else:
            value = value[step] if isinstance(value, list | tuple) and step < len(value) else None
    return UNKNOWN if value is SECRET else value


def document(value: Any) -> Any:
    """A policy document given as JSON text or as a mapping; UNKNOWN stays so, what is no JSON is None."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def attached(plan: Evidence, token: str, owner: PlannedResource, key: str) -> PlannedResource | None:
    """The setting of this type whose ``key`` names the owner, or depends on it while the name is unknown."""
    name = dig(owner.after, key)
    for candidate in plan.of(token):
        named = dig(candidate.after, key)
        if named is UNKNOWN or name is UNKNOWN:
            if owner.address in candidate.dependencies or _namesakes(candidate, owner):
                return candidate
        elif named == name:
            return candidate
    return None


def _namesakes(one: PlannedResource, other: PlannedResource) -> bool:
    """Our components give a bucket and its settings one name; a plan without dependencies still pairs them."""
    return (one.program, one.name) == (other.program, other.name)
