"""YAML into nodes that know their places."""

from __future__ import annotations

import pytest

from tideform.errors import SpecError
from tideform.spec.compose import compose
from tideform.spec.nodes import Node, Span, merge, without
from tideform.spec.source import decode


def node(text: str) -> Node:
    return compose(decode(text.encode(), "x.yaml"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", 1),
        ("a: -7", -7),
        ("a: 1.5", 1.5),
        ("a: 1e3", 1000.0),
        ("a: true", True),
        ("a: null", None),
        ("a: ~", None),
        ("a:", None),
        ("a: ''", ""),
        ("a: '1'", "1"),
        ("a: yes", "yes"),
        ("a: on", "on"),
        ("a: 0o17", "0o17"),
        ("a: 12:30", "12:30"),
        ("a: 2027-01-31", "2027-01-31"),
        ("a: .inf", ".inf"),
        ("a: " + "9" * 5000, "9" * 5000),
        ("a: |\n  b\n  c\n", "b\nc\n"),
        ("a: [1, x]", [1, "x"]),
        ('"a": {"b":1}', {"b": 1}),
    ],
)
def test_values_are_those_of_the_core_schema(text: str, value: object) -> None:
    assert node(text).plain() == {"a": value}


def test_keys_are_always_text() -> None:
    assert node("1: a\ntrue: b\nnull: c").plain() == {"1": "a", "true": "b", "null": "c"}


def test_a_scalar_is_found_at_its_value() -> None:
    assert node("a:\n  b: hello").locate(("a", "b")) == Span(2, 6, 11)


def test_a_mapping_is_found_at_its_key() -> None:
    assert node("x: 1\nlong:\n  b: 1").locate(("long",)) == Span(2, 1, 5)


def test_an_item_of_a_list_is_found_at_itself() -> None:
    assert node("a: [b, cd]").locate(("a", 1)) == Span(1, 8, 10)


def test_of_a_path_that_does_not_exist_its_last_existing_part_is_found() -> None:
    assert node("a:\n  b: {c: 1}").locate(("a", "b", "d", "e")) == Span(2, 3, 4)


def test_a_key_is_found_if_asked_for() -> None:
    assert node("a:\n  bcd: 1").locate(("a", "bcd"), key=True) == Span(2, 3, 6)


def test_a_value_of_several_lines_is_underlined_on_its_first() -> None:
    assert node("a: 'b\n  c'").locate(("a",)) == Span(1, 4, 6)


def test_an_override_keeps_its_own_line() -> None:
    merged = merge(node("a: {b: 1, c: 2}"), node("x: 1\na: {c: 3}"))
    assert merged.plain() == {"a": {"b": 1, "c": 3}, "x": 1}
    assert merged.locate(("a", "c")).line == 2


def test_an_override_by_null_takes_away() -> None:
    assert merge(node("a: {b: 1, c: 2}"), node("a: {c: null}")).plain() == {"a": {"b": 1}}


def test_an_override_replaces_a_list_as_a_whole() -> None:
    assert merge(node("a: [1, 2]"), node("a: [3]")).plain() == {"a": [3]}


def test_keys_can_be_left_out() -> None:
    assert without(node("a: 1\nb: 2"), "a").plain() == {"b": 2}


def test_a_duplicate_key_names_both_places() -> None:
    with pytest.raises(SpecError) as caught:
        node("a: 1\nb: 2\na: 3")
    (found,) = caught.value.diagnostics
    assert found.location is not None
    assert (found.location.line, "line 1" in found.detail) == (3, True)


def test_several_problems_are_told_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        node("a: 1\na: !!str 2\n<<: {b: 1}\n")
    assert [found.code for found in caught.value.diagnostics] == ["TD012", "TD011", "TD013"]


def test_many_flow_brackets_end_early() -> None:
    with pytest.raises(SpecError) as caught:
        node("[" * 500_000)
    assert caught.value.diagnostics[0].code == "TD016"


def test_aliases_are_counted_unfolded() -> None:
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 12)]
    with pytest.raises(SpecError) as caught:
        node("\n".join(lines))
    assert caught.value.diagnostics[0].code == "TD015"
