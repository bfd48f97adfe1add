"""``tideform logs``: which of a log's lines are printed."""

from __future__ import annotations

import pytest

from tideform.cli.logs import LastLines

WRITTEN = ["one", "two", "three"]


@pytest.mark.parametrize(("last", "printed"), [(None, WRITTEN), (2, ["two", "three"]), (0, []), (9, WRITTEN)])
def test_of_what_was_there_the_last_lines_are_printed_in_their_order(last: int | None, printed: list[str]) -> None:
    said: list[str] = []
    lines = LastLines(last, said.append)
    for line in WRITTEN:
        lines(line)
    lines.catch_up()
    assert said == printed


def test_what_comes_after_that_is_printed_as_it_comes() -> None:
    said: list[str] = []
    lines = LastLines(1, said.append)
    lines("old")
    lines("last")
    lines.catch_up()
    lines("new")
    lines.catch_up()
    assert said == ["last", "new"]
