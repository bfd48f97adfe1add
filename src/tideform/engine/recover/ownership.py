"""Whether something that stands under a name of ours is ours, as its type says (`tideform.resources.ownership`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tideform.resources.ownership import by_tags, tags_in
from tideform.resources.registry import type_of


def is_ours(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Whether a live resource is the one that was ``wanted``; both as entries of a state."""
    kind = type_of(wanted["type"])
    return (kind.ours if kind else by_tags)(wanted.get("inputs", {}), live.get("outputs", {}))


def has_a_mark(wanted: Mapping[str, Any]) -> bool:
    """Whether it says itself whose it is; else it is as much ours as what it is a part of."""
    kind = type_of(wanted["type"])
    return bool((kind is not None and kind.marked) or tags_in(wanted.get("inputs", {})))
