"""What a service does not give back of a resource: an entry that was found standing says nothing of it.

Whoever takes such an input from the program records what nobody has seen, and no plan would ever mend it. Without it
the next plan sees a change, and an apply puts it there. AWS tells of a function's code a digest alone, and that of the
zip that was sent: https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html (CodeSha256).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_UNREAD: Mapping[str, frozenset[str]] = {"aws:lambda/function:Function": frozenset({"code"})}


def as_seen(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry of a state without what nobody has seen, neither as its input nor as its output."""
    unread = _UNREAD.get(str(entry["type"]), frozenset())
    parts = {part: _without(entry[part], unread) for part in ("inputs", "outputs") if part in entry}
    return {**entry, **parts}


def _without(properties: Mapping[str, Any] | None, unread: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in (properties or {}).items() if key not in unread}
