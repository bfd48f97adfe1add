"""YAML values that remember where they stand, so that every later finding can point at its line.

Overrides of an environment are merged here, on nodes: a value that came from an override keeps the override's line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

Scalar = str | int | float | bool | None
Path = tuple[str | int, ...]


class Span(NamedTuple):
    """A stretch of one line; counts from 1, ``end`` is exclusive."""

    line: int
    column: int
    end: int


class Entry(NamedTuple):
    """A key of a mapping and what stands under it."""

    key: Span
    node: Node


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """One value: a scalar, a mapping of entries, or a sequence; ``size`` counts the values in it."""

    span: Span
    value: Scalar | Mapping[str, Entry] | Sequence[Node]
    size: int = 1

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The entries of a mapping; none if it is something else."""
        return self.value if isinstance(self.value, Mapping) else {}

    def plain(self) -> Any:
        """The value as dictionaries, lists and scalars."""
        if isinstance(self.value, Mapping):
            return {name: entry.node.plain() for name, entry in self.value.items()}
        if isinstance(self.value, Sequence) and not isinstance(self.value, str):
            return [item.plain() for item in self.value]
        return self.value

    def child(self, step: str | int) -> Node | None:
        """What stands under a key, or at a place in a list."""
        if isinstance(self.value, Mapping):
            entry = self.value.get(str(step))
            return entry.node if entry else None
        if isinstance(self.value, Sequence) and not isinstance(self.value, str) and isinstance(step, int):
            return self.value[step] if step < len(self.value) else None
        return None

    def locate(self, path: Path, *, key: bool = False) -> Span:
        """Where a path stands, or the part of it that exists: scalars themselves, what has parts by its key."""
        node, best = self, Span(self.span.line, self.span.column, self.span.column + 1)
        for step in path:
            entry, below = node.entries.get(str(step)), node.child(step)
            if below is None:
                break
            node, best = below, _shown(entry, below)
        return entry_key(self, path) or best if key else best

    def scalars(self, path: Path = ()) -> Iterator[tuple[Path, Node]]:
        """Every scalar with its path."""
        if isinstance(self.value, Mapping):
            for name, entry in self.value.items():
                yield from entry.node.scalars((*path, name))
        elif isinstance(self.value, Sequence) and not isinstance(self.value, str):
            for index, item in enumerate(self.value):
                yield from item.scalars((*path, index))
        else:
            yield path, self


def entry_key(root: Node, path: Path) -> Span | None:
    """Where the last key of a path stands, if all of the path exists."""
    node: Node | None = root
    for step in path[:-1]:
        node = node.child(step) if node else None
    entry = node.entries.get(str(path[-1])) if node and path else None
    return entry.key if entry else None


def _shown(entry: Entry | None, node: Node) -> Span:
    has_parts = isinstance(node.value, Mapping | list)
    return entry.key if entry and (has_parts or node.value is None) else node.span


def merge(base: Node, over: Node) -> Node:
    """``over`` laid on ``base``: mappings key by key, all else replaced; an explicit null takes the key away."""
    if not (isinstance(base.value, Mapping) and isinstance(over.value, Mapping)):
        return over
    merged = dict(base.value)
    for name, entry in over.value.items():
        if entry.node.value is None:
            merged.pop(name, None)
        elif name in merged:
            merged[name] = Entry(entry.key, merge(merged[name].node, entry.node))
        else:
            merged[name] = entry
    return Node(base.span, merged, base.size + over.size)


def without(node: Node, *names: str) -> Node:
    """A mapping without some of its keys."""
    kept = {name: entry for name, entry in node.entries.items() if name not in names}
    return Node(node.span, kept, node.size)
