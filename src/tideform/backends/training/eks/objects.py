"""What any object of a cluster says of itself: its labels, and which of its conditions hold."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def label(found: Object, key: str) -> str:
    """A label's value; empty where it has none such."""
    return str((found["metadata"].get("labels") or {}).get(key, ""))


def condition(found: Object, *kinds: str, status: str = "True") -> Object | None:
    """The first condition of these types that holds, or that does not with ``status`` False."""
    conditions = (found.get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] in kinds and each.get("status") == status), None)


def reason(held: Object) -> str:
    """Why a condition holds, in the cluster's words."""
    return f"{held.get('reason', '')}: {held.get('message', '')}".strip(": ")
