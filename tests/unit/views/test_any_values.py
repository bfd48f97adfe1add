"""Plans of values that nobody thought of: each is shown, whatever it is, and nothing escapes to the terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.views.plans import BUCKET, plan
from tideform.model.planned import SECRET, UNKNOWN, Action, PlannedResource, PropertyChange
from tideform.plan.markers import decode, encode
from tideform.views.human import plan_lines
from tideform.views.json_plan import plan_json

few = settings(max_examples=50)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
documents = st.recursive(
    scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=5), v, max_size=3)
)
values = st.recursive(
    scalars | st.sampled_from([UNKNOWN, SECRET]) | documents.map(json.dumps),
    lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(max_size=8), v, max_size=4),
    max_leaves=12,
)
inputs = st.dictionaries(st.text(max_size=8), values, max_size=4)


def updated(before: Any, after: Any, *paths: str) -> PlannedResource:
    changes = tuple(PropertyChange(p, None, None, forces_replacement=True) for p in paths)
    return PlannedResource("storage", BUCKET, "digits", Action.REPLACE, before, after, changes)


@few
@given(inputs, inputs, st.lists(st.text(max_size=12), max_size=3))
def test_any_change_is_shown_in_printable_characters(before: Any, after: Any, paths: list[str]) -> None:
    shown = [str(line) for line in plan_lines(plan(updated(before, after, *paths)))]
    assert all(line.isprintable() for line in shown)


@few
@given(inputs, inputs)
def test_any_change_is_json(before: Any, after: Any) -> None:
    assert json.loads(json.dumps(plan_json(plan(updated(before, after)))))


@few
@given(values)
def test_any_value_is_saved_and_loaded(value: Any) -> None:
    assert decode(json.loads(json.dumps(encode(value)))) == value


@pytest.mark.parametrize("depth", [100, 500, 900, 5000])
def test_a_document_nested_too_deep_is_shown_as_text(depth: int) -> None:
    shown = [str(line) for line in plan_lines(plan(updated({"policy": "[1]"}, {"policy": "[" * depth + "]" * depth})))]
    assert any(line.startswith("      ~ policy = ") and "[[[[" in line for line in shown)
