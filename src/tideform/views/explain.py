"""The stages ahead, and one field of the spec, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from tideform.plan.stages import Stage
from tideform.spec.base import UpdatePolicy
from tideform.views.code_guide import Told
from tideform.views.field_guide import Entry
from tideform.views.lines import Line, plain

_SYMBOLS = {"up": "+", "destroy": "-"}


def stage_lines(stages: Sequence[Stage]) -> Iterator[Line]:
    """Stages by level; those of one level run side by side."""
    yield plain("An apply would walk these stages; those of one level side by side:")
    for level, members in groupby(stages, key=lambda s: s.level):
        yield plain(f"Level {level}", style="bold")
        for stage in members:
            verb = "bring up" if stage.action == "up" else "destroy"
            yield Line(f"{verb} {stage.program.key} (stack {stage.program.stack}): {stage.why}", _SYMBOLS[stage.action])


def field_lines(entry: Entry) -> Iterator[Line]:
    """A field: what it is for, its type, its default, what changing it does, and what stands under it."""
    yield plain(entry.path, style="bold")
    if entry.description:
        yield Line(entry.description)
    yield Line(f"type: {entry.type}")
    yield Line("required" if entry.required else f"default: {entry.default or 'none'}")
    refused = entry.update is UpdatePolicy.REFUSED
    yield Line("a change is refused while anything stands" if refused else f"a change is done: {entry.update}")
    if entry.keys:
        yield plain("Fields:")
        width = max(len(k.path.rpartition(".")[2]) for k in entry.keys)
        for key in entry.keys:
            yield Line(f"{key.path.rpartition('.')[2]:<{width}}  ({key.update}) {key.description}")


def code_lines(told: Told) -> Iterator[Line]:
    """A diagnostic: what it means, each cause that it is told for, each fix."""
    yield plain(f"{told.code}: {told.summary}", style="bold")
    for title, texts in (("What is wrong:", told.causes), ("What to do:", told.fixes)):
        if texts:
            yield plain(title)
            yield from (Line(line) for text in texts for line in text.splitlines())


def code_json(told: Told) -> dict[str, Any]:
    """The same facts for programs."""
    return {"code": told.code, "summary": told.summary, "causes": list(told.causes), "fixes": list(told.fixes)}


def field_json(entry: Entry) -> dict[str, Any]:
    """The same facts for programs."""
    return {
        "path": entry.path,
        "description": entry.description,
        "type": entry.type,
        "required": entry.required,
        "default": entry.default,
        "update": str(entry.update),
        "fields": [field_json(key) for key in entry.keys],
    }
