"""Keys that are written and have no value: half a line is no decision, least of all about a cap, a budget or a date.

In an environment's overrides null takes the key away that the spec has (`nodes.merge`); in the spec itself nothing is
there to be taken away, and whoever wants the key's absence leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterator

from tideform.diagnostics import Diagnostic
from tideform.spec.nodes import Node, Path, without
from tideform.spec.source import Source
from tideform.spec.subject import at, dotted


def empty_values(source: Source, root: Node) -> Iterator[Diagnostic]:
    """TD102 for each key outside of ``environments:`` under which nothing stands."""
    for path in _empty(without(root, "environments"), ()):
        detail = f"Nothing stands under {dotted(path)}."
        fix = "Give it a value, or remove the key: without it the key's default holds."
        yield at(source, root, "TD102", path, detail, fix=fix, key=True)


def _empty(node: Node, path: Path) -> Iterator[Path]:
    for name, entry in node.entries.items():
        if entry.node.value is None:
            yield (*path, name)
        else:
            yield from _empty(entry.node, (*path, name))
    if isinstance(node.value, list | tuple):
        for place, item in enumerate(node.value):
            yield from _empty(item, (*path, place))
