"""Values of a spec in what is said of it: of a very long one as much as tells which it is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from tideform.diagnostics import Diagnostic
from tideform.spec.nodes import Node

_LONG: Final = 200  # characters: no ARN, address or image that somebody means is longer
_SHOWN: Final = 60


def shortened(root: Node, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The same findings, with every long key and value of the spec cut; what they say beside it stays whole."""
    long = {form for text in _texts(root) if len(text) > _LONG for form in (text, repr(text)[1:-1])}
    if not long:
        return list(found)
    by_length = sorted(long, key=len, reverse=True)  # one may be part of another
    cut = partial(_cut, long=by_length)
    return [replace(one, detail=cut(one.detail), fix=cut(one.fix), path=cut(one.path)) for one in found]


def _cut(said: str, long: Iterable[str]) -> str:
    for text in long:
        if len(said) <= _LONG:
            break
        said = said.replace(text, f"{text[: _SHOWN - 1]}…")
    return said


def _texts(root: Node) -> Iterator[str]:
    for name, entry in root.entries.items():
        yield name
        yield from _texts(entry.node)
    if isinstance(root.value, str):
        yield root.value
    elif isinstance(root.value, list):
        for item in root.value:
            yield from _texts(item)
