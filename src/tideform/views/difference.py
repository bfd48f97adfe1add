"""What differs between the inputs of a resource before and after, as a tree that the views draw.

Maps and lists are compared part by part, and so are strings that hold JSON documents (policies, container
definitions): a changed action in a policy is one line, not two walls of text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, Final

from tideform.model.planned import PlannedResource
from tideform.views.property_path import Path, parse


class Mark(StrEnum):
    """What happens to one value; the text is the symbol that stands before it."""

    ADD = "+"
    REMOVE = "-"
    CHANGE = "~"
    SAME = ""


class Shape(StrEnum):
    """How a value is drawn."""

    LEAF = "leaf"
    MAP = "map"
    LIST = "list"
    JSON_MAP = "json map"
    JSON_LIST = "json list"


ABSENT: Final = object()
_DEEPEST: Final = 40


@dataclass(frozen=True)
class Node:
    """One value before and after; ``key`` is None in a list. ``children`` are empty for a leaf."""

    key: str | None
    mark: Mark
    before: Any
    after: Any
    shape: Shape = Shape.LEAF
    children: tuple[Node, ...] = ()
    forces: bool = False


@dataclass(frozen=True)
class _Hints:
    """What only the engine knows: a changed secret looks the same on both sides, and some changes replace."""

    touched: frozenset[Path] = field(default_factory=frozenset)
    forcing: frozenset[Path] = field(default_factory=frozenset)

    def forces(self, path: Path, *, leaf: bool) -> bool:
        return path in self.forcing or (leaf and any(f[: len(path)] == path for f in self.forcing))


def difference(resource: PlannedResource) -> Node:
    """The tree of one resource's inputs; its root is a map."""
    hints = _Hints(
        frozenset(parse(c.path) for c in resource.changes),
        frozenset(parse(c.path) for c in resource.changes if c.forces_replacement)
        | frozenset(parse(k) for k in resource.replace_keys),
    )
    before = ABSENT if resource.before is None else resource.before
    after = ABSENT if resource.after is None else resource.after
    root = _node(None, before, after, (), hints)
    missing = tuple(
        Node(c.path, Mark.CHANGE, c.before, c.after, forces=c.forces_replacement)
        for c in resource.changes
        if not _reaches(parse(c.path), before) and not _reaches(parse(c.path), after)
    )  # what a provider computes is no input, but it may be what was changed behind our back
    return Node(None, root.mark, before, after, Shape.MAP, (*root.children, *missing), root.forces)


def compare(key: str | None, before: Any, after: Any) -> Node:
    """The tree of two values of which nothing else is known (outputs)."""
    return _node(key, _absent(before), _absent(after), (), _Hints())


def _node(key: str | None, before: Any, after: Any, path: Path, hints: _Hints) -> Node:
    shape, left, right = _shape(before, after)
    mark = _mark(before, after)
    children: tuple[Node, ...] = ()
    if shape in (Shape.MAP, Shape.JSON_MAP):
        children = _map(left, right, path, hints)
    elif shape in (Shape.LIST, Shape.JSON_LIST):
        children = _list(left, right, path, hints)
    if children and mark is Mark.CHANGE and all(c.mark is Mark.SAME for c in children):
        mark = Mark.SAME  # a JSON document that is only laid out differently
    if mark is Mark.SAME and any(c.mark is not Mark.SAME for c in children):
        mark = Mark.CHANGE
    if mark is Mark.SAME and path in hints.touched:
        mark, shape, children = Mark.CHANGE, Shape.LEAF, ()
    forces = mark is not Mark.SAME and hints.forces(path, leaf=not children)
    return Node(key, mark, before, after, shape, children, forces)


def _mark(before: Any, after: Any) -> Mark:
    if before is ABSENT:
        return Mark.ADD
    if after is ABSENT:
        return Mark.REMOVE
    same = before is after or (type(before) is type(after) and before == after)
    return Mark.SAME if same else Mark.CHANGE


def _shape(before: Any, after: Any) -> tuple[Shape, Any, Any]:
    present = [v for v in (before, after) if v is not ABSENT]
    if all(isinstance(v, Mapping) for v in present):
        return Shape.MAP, before, after
    if all(isinstance(v, list | tuple) for v in present):
        return Shape.LIST, before, after
    documents = [_document(v) for v in present]
    if any(d is None for d in documents):
        return Shape.LEAF, before, after
    left = _document(before) if before is not ABSENT else ABSENT
    right = _document(after) if after is not ABSENT else ABSENT
    if all(isinstance(d, dict) for d in documents):
        return Shape.JSON_MAP, left, right
    if all(isinstance(d, list) for d in documents):
        return Shape.JSON_LIST, left, right
    return Shape.LEAF, before, after


def _document(value: Any) -> Any:
    """The JSON object or array in a string, or None."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return None
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return document if _is_shallow(document) else None


def _is_shallow(document: Any) -> bool:
    """Whether it can be compared part by part; real policies are ten deep, and a hostile one may be thousands."""
    level = [document]
    for _ in range(_DEEPEST):
        parts = [p for p in level if isinstance(p, dict | list)]
        if not parts:
            return True
        level = [inner for p in parts for inner in (p.values() if isinstance(p, dict) else p)]
    return False


def _map(before: Any, after: Any, path: Path, hints: _Hints) -> tuple[Node, ...]:
    left = {} if before is ABSENT else _without_bookkeeping(before)
    right = {} if after is ABSENT else _without_bookkeeping(after)
    return tuple(
        _node(key, left.get(key, ABSENT), right.get(key, ABSENT), (*path, key), hints)
        for key in sorted({*left, *right})
    )


def _without_bookkeeping(value: Mapping[str, Any]) -> dict[str, Any]:
    """Without absent values, and without the list of filled-in defaults that bridged providers keep."""
    return {str(k): v for k, v in value.items() if v is not None and k != "__defaults"}


def _list(before: Any, after: Any, path: Path, hints: _Hints) -> tuple[Node, ...]:
    left: Sequence[Any] = () if before is ABSENT else before
    right: Sequence[Any] = () if after is ABSENT else after
    nodes: list[Node] = []
    matcher = SequenceMatcher(None, [repr(v) for v in left], [repr(v) for v in right])
    for _, i1, i2, j1, j2 in matcher.get_opcodes():
        for n in range(max(i2 - i1, j2 - j1)):
            old = left[i1 + n] if i1 + n < i2 else ABSENT
            new = right[j1 + n] if j1 + n < j2 else ABSENT
            index = j1 + n if new is not ABSENT else i1 + n
            nodes.append(_node(None, old, new, (*path, index), hints))
    return tuple(nodes)


def _reaches(path: Path, value: Any) -> bool:
    for step in path:
        if _document(value) is not None:
            return True  # a path into a document ends at the string
        value = _part(value, step)
    return value is not ABSENT


def _part(value: Any, step: str | int) -> Any:
    if isinstance(value, Mapping):
        return value.get(step, ABSENT)
    if isinstance(value, list | tuple) and isinstance(step, int):
        return value[step] if step < len(value) else ABSENT
    return ABSENT


def _absent(value: Any) -> Any:
    return ABSENT if value is None else value
