"""A resource that comes or goes on one line: its name in the cloud, and the settings that somebody chose.

What the rest of its inputs are follows from the kind of thing it is; ``--verbose`` shows them all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from tideform.model.planned import PlannedResource
from tideform.views.lines import Line
from tideform.views.values import inline

_NAMES: Final = ("name", "bucket", "cidrBlock", "serviceName")
_WIDEST: Final = 60  # characters of one value


def brief_line(resource: PlannedResource, mark: str, chosen: Collection[str]) -> Line:
    """The line; ``chosen`` are the values that the spec has, as text."""
    inputs = resource.after if resource.after is not None else resource.before or {}
    named = next(((key, inputs[key]) for key in _NAMES if key in inputs), None)
    picked = {key: value for key, value in _leaves(inputs) if str(value) in chosen}
    settings = {**(dict([named]) if named else {}), **picked}
    known = resource.id if resource.after is None else ""
    told = [f"{key} = {_short(value)}" for key, value in settings.items()]
    return Line("  ".join([resource.address, ", ".join([*([f"id {known}"] if known else []), *told])]).rstrip(), mark)


def _leaves(inputs: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Plain values and lists of them, by their path; tags say nothing that the rest does not."""
    for key, value in sorted(inputs.items()):
        where = f"{path}.{key}" if path else str(key)
        if key in ("tags", "__defaults"):
            continue
        if isinstance(value, Mapping):
            yield from _leaves(value, where)
        elif isinstance(value, list | tuple):
            for index, inner in enumerate(value):
                if isinstance(inner, Mapping):
                    yield from _leaves(inner, f"{where}[{index}]")
                else:
                    yield f"{where}[{index}]", inner
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            yield where, value


def _short(value: Any) -> str:
    text = inline(value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
