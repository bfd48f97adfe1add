"""Capacity that nobody holds is told with its price, its age and what to do."""

from __future__ import annotations

from tideform.burst.ownerless import Ownerless, Sighted
from tideform.unasked import Unasked
from tideform.views.unheld import reaped_lines, unheld_json, unheld_lines

MACHINE = Ownerless("fit", "i-1", "c5.large, running", "its lease x holds nothing", 1_800_000_000.0, 0.085)
SOURCE = Ownerless("fit", "demo-dev-fit-spot", "source", "it asks for machines")


def test_nothing_is_said_where_there_is_nothing() -> None:
    assert list(unheld_lines(Sighted())) == []


def test_where_nobody_could_look_that_is_said_with_the_reason() -> None:
    (line,) = unheld_lines(Sighted(unasked=(Unasked("held by nobody (EC2)", "AccessDenied"),)))
    assert line.text == "Held by nobody (EC2): could not be asked: AccessDenied"


def test_each_thing_is_a_line_with_its_age_and_price() -> None:
    texts = [line.text for line in unheld_lines(Sighted((MACHINE, SOURCE)))]
    assert texts[1] == (
        "fit: i-1 (c5.large, running), since 2027-01-15T08:00:00Z, 0.0850 USD an hour: its lease x holds nothing"
    )
    assert texts[2] == "fit: demo-dev-fit-spot (source): it asks for machines"
    assert "burst reap" in texts[3]


def test_a_round_of_the_reaper_is_told_line_by_line() -> None:
    told = reaped_lines(["fit: ended i-1", "fit: told of i-2"], {"other": "AccessDenied"}, Sighted(()))
    assert [line.text for line in told] == ["fit: ended i-1", "fit: told of i-2", "other: AccessDenied"]


def test_a_round_that_found_nothing_says_so() -> None:
    assert [line.text for line in reaped_lines([], {}, Sighted(()))] == ["Nothing was over."]


def test_programs_get_the_same() -> None:
    told = unheld_json(Sighted((MACHINE, SOURCE)))
    assert told is not None
    first, second = told
    assert first == {
        "pool": "fit",
        "id": "i-1",
        "kind": "c5.large, running",
        "why": "its lease x holds nothing",
        "since": "2027-01-15T08:00:00Z",
        "hourly_usd": 0.085,
    }
    assert second["since"] is None


def test_programs_are_told_of_none_only_where_everybody_has_answered() -> None:
    assert (unheld_json(Sighted()), unheld_json(Sighted(unasked=(Unasked("x", "y"),)))) == ([], None)
