"""Dictionaries that others change while somebody goes through them."""

from __future__ import annotations

import copy
import json
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from tideform_sandbox.steady import SteadyDefaultDict, SteadyDict, SteadyOrderedDict, steady

KINDS = (SteadyDict, SteadyOrderedDict, SteadyDefaultDict)
WALKS: dict[str, Callable[[Any], Any]] = {
    "keys": lambda some: some.keys(),
    "values": lambda some: some.values(),
    "items": lambda some: some.items(),
    "itself": iter,
    "copy": lambda some: some.copy(),
}


def filled(kind: type[Any]) -> Any:
    made = kind()
    made.update(a=1, b=2)
    return made


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("walk", WALKS)
def test_a_walk_goes_through_what_was_there_when_it_began(kind: type[Any], walk: str) -> None:
    some = filled(kind)
    before = list(WALKS[walk](some))
    seen = []
    for one in WALKS[walk](some):
        seen.append(one)
        some[f"new-{one}"] = 3
        some.pop("b", None)
    assert seen == before
    assert list(some) == ["a", *(f"new-{one}" for one in before)]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_equal_to_written_and_copied_like_a_plain_one(kind: type[Any]) -> None:
    some = filled(kind)
    plain = {"a": 1, "b": 2}
    assert some == plain
    assert dict(some) == {**some} == some | {} == plain
    assert json.loads(json.dumps(some)) == plain
    for duplicate in (copy.copy(some), copy.deepcopy(some)):
        assert duplicate == plain
        assert type(duplicate) is kind


def test_what_is_missing_is_made_and_steady_as_well() -> None:
    tags = steady(defaultdict(dict))
    made = tags["i-1"]
    made["Name"] = "a"
    assert type(made) is SteadyDict
    assert tags == {"i-1": {"Name": "a"}}


def test_a_default_dictionary_without_a_default_has_none() -> None:
    with pytest.raises(KeyError):
        steady(defaultdict())["nothing"]


@pytest.mark.parametrize("value", [{"a": 1}, OrderedDict(a=1), [], "", None, 0])
def test_only_an_empty_dictionary_is_exchanged_as_others_may_know_a_filled_one(value: object) -> None:
    assert steady(value) is value
