"""No key of the spec's language does nothing: each is read where something is made, begun or ended, or is noted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest

from tideform.spec.base import Model
from tideform.spec.project import Project

ROOT = Path(__file__).parents[3]
# Who may be a key's reader: whatever plans, makes, begins or ends something; not validation, views or the sandbox.
ACTING = ("components", "catalogue", "burst", "engine", "plan", "cli", "connect.py", "cloud.py")
# Keys that only a module of the spec's own package reads, which acts on them there for all others.
ACTED_ON_WITHIN = {
    "Project.moved": "deployment.py",  # as the next one
    "Moved.to": "deployment.py",  # what was renamed keeps the identity that it was made with
    "Schedule.cron": "training.py",  # becomes the expression that the scheduler gets
}


def _models(kind: Any, seen: set[type[Model]]) -> Iterator[type[Model]]:
    if isinstance(kind, type) and issubclass(kind, Model) and kind not in seen:
        seen.add(kind)
        yield kind
        for field in kind.model_fields.values():
            yield from _models(field.annotation, seen)
    for part in get_args(kind):
        yield from _models(part, seen)


def _says_something(annotation: Any) -> bool:
    """Whether a key has more than one value to choose from: without a choice there is nothing to act on."""
    return get_origin(annotation) is not Literal or len(get_args(annotation)) > 1


KEYS = sorted(
    f"{model.__name__}.{key}"
    for model in _models(Project, set())
    for key, field in model.model_fields.items()
    if _says_something(field.annotation)
)


@cache
def _read() -> frozenset[str]:
    """Every attribute that an acting module reads; what has no effect yet is read by `catalogue.not_built`."""
    found: set[str] = set()
    files = [file for part in ACTING for file in _files(ROOT / "src/tideform" / part)]
    for file in [*files, *_files(ROOT / "stacks")]:
        found |= _reads(file)
    return frozenset(found)


def _reads(file: Path) -> set[str]:
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}


def _files(part: Path) -> list[Path]:
    """Without the rules that only refuse."""
    return [part] if part.is_file() else [file for file in part.rglob("*.py") if not file.name.startswith("_rules")]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_acted_on_or_noted(key: str) -> None:
    name = key.partition(".")[2]
    assert name in _read() or key in ACTED_ON_WITHIN, f"nothing reads {key}: it does nothing, and nobody says so"


@pytest.mark.parametrize("key", sorted(ACTED_ON_WITHIN))
def test_what_is_acted_on_within_the_spec_is_read_there_and_nowhere_else(key: str) -> None:
    name = key.partition(".")[2]
    assert name in _reads(ROOT / "src/tideform/spec" / ACTED_ON_WITHIN[key])
    assert (key in KEYS, name in _read()) == (True, False)
