"""What a service does not give back of a resource: an entry that was found standing says nothing of it.

Whoever takes such an input from the program records what nobody has seen, and no plan would ever mend it. Without it
the next plan sees a change, and an apply puts it there. Its type says which those are (`tideform.resources`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tideform.resources.registry import type_of


def as_seen(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry of a state without what nobody has seen, neither as its input nor as its output."""
    kind = type_of(str(entry["type"]))
    unread = kind.unread if kind else frozenset()
    parts = {part: _without(entry[part], unread) for part in ("inputs", "outputs") if part in entry}
    return {**entry, **parts}


def _without(properties: Mapping[str, Any] | None, unread: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in (properties or {}).items() if key not in unread}
