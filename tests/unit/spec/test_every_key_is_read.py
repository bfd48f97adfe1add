"""No key of the spec's language does nothing: each is read where something is made, begun or ended, or is noted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest

from tests.unit.spec.readers import readers
from tests.unit.stacks.collecting import FULL
from tideform.checks.not_built import not_built
from tideform.spec.base import Model
from tideform.spec.project import Project

# Who may be a key's reader: whatever plans, makes, begins or ends something; not validation, views or the sandbox.
ACTING = (
    *("pools", "components", "registry", "backends", "controls", "alarms", "frameworks", "burst", "state", "engine"),
    *("plan", "operations", "cli", "connect.py", "cloud.py"),
)
# Keys that only a module of the spec's own package reads, which acts on them there for all others.
ACTED_ON_WITHIN = {
    "Limits.lease": "leases.py",  # what no burst and no extension goes beyond
    "Limits.owners": "leases.py",
    "Moved.from_": "deployment.py",  # what was renamed keeps the identity that it was made with
    "Moved.to": "deployment.py",
    "Project.moved": "deployment.py",
    "Project.region": "deployment.py",  # where an environment names none
    "Schedule.cron": "training.py",  # becomes the expression that the scheduler gets
}
# Read before there are models: which environment is meant, and what it changes (`spec.environments`).
READ_AS_TEXT = {"Project.environments"}
# Keys of a part that does nothing yet, and the path under which all of it is noted (TD230).
NOTED_WITH = {"Drift.every": "monitoring.drift"}
_DRIFT = {"endpoint": "score", "baseline": "raw", "every": "1h"}


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


def _acts(file: Path) -> bool:
    """Of the checks, what notes a key in the plan; the others only refuse."""
    return file.parts[0] == "stacks" or file.parts[2] in ACTING or file.parts[2:] == ("checks", "not_built.py")


@pytest.mark.parametrize("key", sorted(set(KEYS) - READ_AS_TEXT - NOTED_WITH.keys()))
def test_every_key_is_acted_on_or_noted(key: str) -> None:
    acted = any(map(_acts, readers().get(key, ())))
    assert acted or key in ACTED_ON_WITHIN, f"nothing reads {key}: it does nothing, and nobody says so"


@pytest.mark.parametrize("key", sorted(ACTED_ON_WITHIN))
def test_what_is_acted_on_within_the_spec_is_read_there_and_nowhere_else(key: str) -> None:
    assert Path("src/tideform/spec", ACTED_ON_WITHIN[key]) in readers()[key]
    assert (key in KEYS, any(map(_acts, readers()[key]))) == (True, False)


@pytest.mark.parametrize("key", sorted(NOTED_WITH))
def test_what_nothing_reads_yet_is_noted_with_its_part(key: str) -> None:
    drifting = Project.model_validate({**FULL, "monitoring": {"drift": _DRIFT}})
    assert NOTED_WITH[key] in [noted.path for noted in not_built(drifting)]
    assert (key in KEYS, any(map(_acts, readers().get(key, ())))) == (True, False)


def test_a_key_is_not_taken_for_another_one_of_its_name() -> None:
    """Both are called ``every``: one is read where checkpoints are made, the other by nobody."""
    assert any(map(_acts, readers()["Checkpoint.every"]))
    assert not any(map(_acts, readers()["Drift.every"]))
