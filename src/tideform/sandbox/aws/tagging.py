"""Tags, which every service writes in its own way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tideform.sandbox.aws.kind import Inputs

Tags = dict[str, str]


def changed(old: Inputs, new: Inputs) -> tuple[list[str], Tags]:
    """Keys to remove, and tags to set, that lead from the old inputs to the new ones."""
    before, after = old.get("tags") or {}, new.get("tags") or {}
    removed = [key for key in before if key not in after]
    return removed, {key: value for key, value in after.items() if before.get(key) != value}


def as_pairs(tags: Mapping[str, str] | None, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """``{"a": "b"}`` as ``[{"Key": "a", "Value": "b"}]``."""
    return [{key: name, value: str(content)} for name, content in (tags or {}).items()]


def as_tags(pairs: Iterable[Mapping[str, Any]], key: str = "Key", value: str = "Value") -> Tags:
    """``[{"Key": "a", "Value": "b"}]`` as ``{"a": "b"}``, without AWS's own."""
    return {p[key]: p.get(value, "") for p in pairs if not p[key].startswith("aws:")}
