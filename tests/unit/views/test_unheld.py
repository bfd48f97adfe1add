"""Capacity that nobody holds is told with its price, its age and what to do."""

from __future__ import annotations

from tideform.burst.ownerless import Ownerless
from tideform.views.unheld import unheld_json, unheld_lines

MACHINE = Ownerless("fit", "i-1", "c5.large, running", "its lease x holds nothing", 1_800_000_000.0, 0.085)
SOURCE = Ownerless("fit", "demo-dev-fit-spot", "source", "it asks for machines")


def test_nothing_is_said_where_there_is_nothing() -> None:
    assert list(unheld_lines([])) == []


def test_each_thing_is_a_line_with_its_age_and_price() -> None:
    texts = [line.text for line in unheld_lines([MACHINE, SOURCE])]
    assert texts[1] == (
        "fit: i-1 (c5.large, running), since 2027-01-15T08:00:00Z, 0.0850 USD an hour: its lease x holds nothing"
    )
    assert texts[2] == "fit: demo-dev-fit-spot (source): it asks for machines"
    assert "burst reap" in texts[3]


def test_programs_get_the_same() -> None:
    assert unheld_json([MACHINE, SOURCE])[0] == {
        "pool": "fit",
        "id": "i-1",
        "kind": "c5.large, running",
        "why": "its lease x holds nothing",
        "since": "2027-01-15T08:00:00Z",
        "hourly_usd": 0.085,
    }
    assert unheld_json([SOURCE])[0]["since"] is None
