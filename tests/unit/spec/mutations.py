"""Specs made wrong: the blueprints' own with one to three nodes changed, and texts that harm readers of YAML."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tideform.spec.compose import compose
from tideform.spec.source import decode

_FILES = sorted((Path(__file__).parents[3] / "blueprints").glob("*/tideform.yaml"))
SPECS = [compose(decode(file.read_bytes(), file.name)).plain() for file in _FILES]
_KEYS = st.text(max_size=8) | st.sampled_from(
    ["", " ", "é", "a b", "__class__", "$ref", "<<", "a" * 300, "null", "1", "true", "./x", "\u202e", "model_config"]
)
_SCALARS = st.one_of(
    st.sampled_from(
        [
            None, True, False, 0, -1, 10**30, -(10**400), 1e308, "", " ", "\t", "a\nb", "é", "🙂", "\u202e", "x" * 5000,
            "9" * 400 + "h", "1e999 USD", "-1 USD", "NaN USD", "0..0", "9..1", "1..99999999", "s3://", "../../x",
            "/dev/zero", "~", "${HOME}", "{{x}}", "%s", "cron(* * * * ? *)", "rate(0 days)", "arn:aws:iam::0:role/x",
            "2026-13-45", "0x10", "1_000", "0o7", ".inf", "=", "!!python/object:os.system",
        ]
    ),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
)  # fmt: skip
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=6
)
_NINES = "\n".join(f"{here}: &{here} [{', '.join([f'*{before}'] * 9)}]" for before, here in pairwise("abcdef"))
HARMFUL = {
    "billion laughs": f"a: &a [x, x]\n{_NINES}\n",
    "an alias within itself": "a: &a {b: *a}\n",
    "lists in lists": "[" * 5000,
    "maps in maps": "{a: " * 3000,
    "entries in entries": "- " * 4000 + "x",
    "keys below keys": "".join(f"{' ' * depth}k:\n" for depth in range(900)),
    "keys of keys": "? " * 2000 + "a",
    "a quote without an end": "a: " + "'" * 100_000,
    "a tab": "\ta: b\n",
    "a zero": "a: b\0\n",
    "keys given twice": "version: 1\nversion: 1\nproject: a\nproject: b\n",
    "maps as keys": "? {a: b}\n: c\n? [1, 2]\n: d\n",
    "very many keys": "version: 1\n" + "".join(f"k{n}: {n}\n" for n in range(20_000)),
    "bytes": "a: !!binary aGVsbG8=\n",
    "a set": "!!set {a, b}\n",
    "two documents": "--- a\n--- b\n",
    "an older YAML": "%YAML 1.1\n---\nyes: no\n",
    "a long text": "a: |\n" + " x\n" * 50_000,
}


def _ways(node: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each node but the root."""
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list | tuple) else ()
    for key, value in entries:
        yield (*way, key)
        yield from _ways(value, (*way, key))


def mutated() -> st.SearchStrategy[str]:
    """A blueprint's spec with nodes replaced, renamed, dropped, or put elsewhere, as JSON, which YAML reads."""
    return mutated_from(SPECS)


@st.composite
def mutated_from(draw: st.DrawFn, originals: Sequence[Any]) -> str:
    """One of these documents with such changes."""
    spec = json.loads(json.dumps(copy.deepcopy(draw(st.sampled_from(originals)))))
    for _ in range(draw(st.integers(1, 3))):
        ways = list(_ways(spec))
        if ways:
            _change(draw, spec, draw(st.sampled_from(ways)))
    return json.dumps(spec, ensure_ascii=draw(st.booleans()))


def _change(draw: st.DrawFn, spec: Any, way: tuple[Any, ...]) -> None:
    parent, last = spec, way[-1]
    for step in way[:-1]:
        parent = parent[step]
    kinds = ["replace", "drop", *(["rename", "move"] if isinstance(parent, dict) else [])]
    kind = draw(st.sampled_from(kinds))
    if kind == "replace":
        parent[last] = draw(_VALUES)
    elif kind == "rename":
        parent[draw(_KEYS)] = parent.pop(last)
    elif kind == "move":
        value = parent.pop(last)
        draw(st.sampled_from([spec, *(one for one in spec.values() if isinstance(one, dict))]))[last] = value
    else:
        del parent[last]
