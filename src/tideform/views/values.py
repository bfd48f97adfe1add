"""How values, and trees of changed values, are written in a plan."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tideform.model.planned import SECRET, UNKNOWN
from tideform.views.difference import ABSENT, Mark, Node, Shape
from tideform.views.lines import Line
from tideform.words import counted

_BRACKETS: Final = {
    Shape.MAP: ("{", "}"),
    Shape.LIST: ("[", "]"),
    Shape.JSON_MAP: ("json({", "})"),
    Shape.JSON_LIST: ("json([", "])"),
}
_WIDEST_KEY: Final = 40


def inline(value: Any) -> str:
    """A value on one line."""
    if value is ABSENT or value is None:
        return "null"
    if value is UNKNOWN or value is SECRET:
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key_text(str(k))} = {inline(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(inline(v) for v in value) + "]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # the engine knows numbers only, so 30 comes as 30.0
    if isinstance(value, bool | int | float | str):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(str(value), ensure_ascii=False)


def key_text(key: str) -> str:
    """A key bare if it is a plain word, quoted otherwise."""
    return key if re.fullmatch(r"[A-Za-z_][\w-]*", key, re.ASCII) else json.dumps(key, ensure_ascii=False)


def children(node: Node, depth: int) -> Iterator[Line]:
    """The lines of a container's changed parts, and how many others are hidden."""
    shown = [c for c in node.children if c.mark is not Mark.SAME]
    width = max((len(key_text(c.key)) for c in shown if c.key is not None), default=0)
    for child in shown:
        yield from draw(child, depth, min(width, _WIDEST_KEY))
    if hidden := len(node.children) - len(shown):
        what = "element" if node.shape in (Shape.LIST, Shape.JSON_LIST) else "attribute"
        yield Line(f"# ({counted(hidden, f'unchanged {what}')} hidden)", depth=depth, style="dim")


def draw(node: Node, depth: int, width: int = 0) -> Iterator[Line]:
    """The lines of one value; ``width`` is what keys are padded to."""
    start = "" if node.key is None else f"{key_text(node.key):<{width}} = "
    note = "forces replacement" if node.forces else ""
    if node.shape is not Shape.LEAF and node.children:
        opening, closing = _BRACKETS[node.shape]
        yield Line(start + opening, node.mark, depth, note)
        yield from children(node, depth + 1)
        gone = " -> null" if node.mark is Mark.REMOVE else ""
        yield Line(closing + gone, depth=depth)
    elif _is_text(node):
        yield Line(start + "<<EOT", node.mark, depth, note)
        yield from _text(node, depth + 1)
        yield Line("EOT", depth=depth)
    else:
        yield Line(start + _leaf(node), node.mark, depth, note)


def _leaf(node: Node) -> str:
    if node.mark is Mark.ADD:
        return inline(node.after)
    if node.mark is Mark.CHANGE and node.before is SECRET and node.after is SECRET:
        return f"{SECRET!r} -> {SECRET!r}"
    return f"{inline(node.before)} -> {inline(node.after)}"


def _is_text(node: Node) -> bool:
    present = [v for v in (node.before, node.after) if v is not ABSENT]
    return all(isinstance(v, str) for v in present) and any("\n" in v for v in present)


def _text(node: Node, depth: int) -> Iterator[Line]:
    before = [] if node.before is ABSENT else node.before.split("\n")
    after = [] if node.after is ABSENT else node.after.split("\n")
    for line in list(difflib.unified_diff(before, after, n=2, lineterm=""))[2:]:
        if line.startswith("@@"):
            yield Line("…", depth=depth, style="dim")
        else:
            yield Line(line[1:], line[0].strip(), depth)


def block(value: Any, indent: str = "") -> Iterator[str]:
    """A value on its own, not as a change: containers over several lines."""
    inner = indent + "  "
    if isinstance(value, Mapping) and value:
        yield "{"
        for key in sorted(value):
            first, *rest = block(value[key], inner)
            yield f"{inner}{key_text(str(key))} = {first}"
            yield from rest
        yield indent + "}"
    elif isinstance(value, list | tuple) and value:
        yield "["
        for item in value:
            *most, last = block(item, inner)
            yield from (f"{'' if n else inner}{line}" for n, line in enumerate(most))
            yield f"{'' if most else inner}{last},"
        yield indent + "]"
    else:
        yield inline(value)
