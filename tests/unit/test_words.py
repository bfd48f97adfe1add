"""A number goes with its noun."""

from __future__ import annotations

import re

import pytest

from tests.test_architecture import MODULES
from tideform.words import counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 resources"), (1, "1 resource"), (2, "2 resources"), (1000, "1,000 resources")]
)
def test_one_thing_is_no_plural(number: int, said: str) -> None:
    assert counted(number, "resource") == said


def test_what_is_counted_in_a_text_is_counted_by_the_one_helper() -> None:
    nouns = "lease|machine|instance|job|node|pool|resource|command"
    plural = re.compile(rf"'s' \* \([^)]*\)* ?(!=|>) 1\)\}} |'' if [^}}]* == 1 else 's'|\b({nouns})\(s\)")
    outside = [path for path in MODULES if path.name != "words.py" and not {"reaper", "in_account"} & {*path.parts}]
    assert [path.name for path in outside if plural.search(path.read_text(encoding="utf-8"))] == []
