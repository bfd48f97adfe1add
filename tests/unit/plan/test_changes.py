"""What differs between two sets of inputs."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tideform.model.changes import changes_between
from tideform.model.planned import SECRET, UNKNOWN

_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=3),
    max_leaves=8,
)
_inputs = st.dictionaries(st.text(min_size=1, max_size=4), _values, max_size=4)


@given(_inputs)
def test_inputs_do_not_differ_from_themselves(inputs: dict[str, Any]) -> None:
    assert changes_between(inputs, inputs) == ()


@given(_inputs, _inputs)
def test_there_is_a_change_exactly_where_inputs_differ(before: dict[str, Any], after: dict[str, Any]) -> None:
    present = {key: value for key, value in before.items() if value is not None}
    wanted = {key: value for key, value in after.items() if value is not None}
    if not _has_empty_or_none(present) and not _has_empty_or_none(wanted):
        assert bool(changes_between(present, wanted)) == (present != wanted)


def test_a_nested_change_is_named_by_its_path() -> None:
    changes = changes_between({"rules": [{"days": 7}], "tags": {"team": "a"}}, {"rules": [{"days": 9}], "tags": {}})
    assert [(c.path, c.before, c.after) for c in changes] == [("rules[0].days", 7, 9), ("tags.team", "a", None)]


def test_a_key_that_reads_like_a_path_is_quoted() -> None:
    assert changes_between({"tags": {"a:b": 1}}, {"tags": {"a:b": 2}})[0].path == 'tags["a:b"]'


def test_what_forces_a_replacement_is_marked_with_all_that_is_below_it() -> None:
    changes = changes_between({"vpc": {"id": 1}, "name": 1}, {"vpc": {"id": 2}, "name": 2}, replace_keys=["vpc"])
    assert {c.path: c.forces_replacement for c in changes} == {"name": False, "vpc.id": True}


def test_a_changed_secret_is_a_change_although_it_reads_the_same() -> None:
    changes = changes_between({"password": SECRET}, {"password": SECRET}, changed_secrets=["password"])
    assert [c.path for c in changes] == ["password"]


def test_an_unknown_value_is_a_change() -> None:
    assert changes_between({"arn": "a"}, {"arn": UNKNOWN})[0].after is UNKNOWN


def _has_empty_or_none(value: Any) -> bool:
    if isinstance(value, dict):
        return not value or any(_has_empty_or_none(v) for v in value.values())
    if isinstance(value, list):
        return any(_has_empty_or_none(v) for v in value)
    return value is None
