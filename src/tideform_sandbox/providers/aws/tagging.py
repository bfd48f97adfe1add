"""Tags, which every service writes in its own way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs

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


@dataclass(frozen=True)
class Tagger:
    """How one service tags what exists: operations, and the member names that each service chose anew."""

    service: str
    resource: str
    tags: str = "Tags"
    keys: str = "TagKeys"
    tag: str = "tag_resource"
    untag: str = "untag_resource"
    as_map: bool = False

    def settle(self, context: Context, identity: str, old: Inputs, new: Inputs) -> None:
        """Bring tags in line. A create operation sets the first ones itself, so nothing is to do without ``old``."""
        removed, added = changed(old, new) if old else ([], {})
        at = {self.resource: identity}
        if removed:
            context.call(self.service, self.untag, **at, **{self.keys: removed})
        if added:
            tags = added if self.as_map else as_pairs(added)
            context.call(self.service, self.tag, **at, **{self.tags: tags})
