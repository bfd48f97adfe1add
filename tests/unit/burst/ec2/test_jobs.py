"""What each job of an array is told."""

from __future__ import annotations

from tideform.backends.training.ec2.jobs import members
from tideform.burst.runner import Work

URI = "TIDEFORM_CHECKPOINT_URI"
SWEPT = ({"RATE": "1"}, {"RATE": "2"})


def test_each_saves_its_work_in_a_place_of_its_own() -> None:
    found = members(Work(environment={URI: "s3://kept/run"}, array=SWEPT))
    assert [one[URI] for one in found] == ["s3://kept/run/0", "s3://kept/run/1"]


def test_one_that_saves_nothing_is_told_of_no_place() -> None:
    assert members(Work(array=SWEPT)) == list(SWEPT)


def test_without_an_array_there_is_one_with_nothing_of_its_own() -> None:
    assert members(Work(environment={URI: "s3://kept/run"})) == [{}]
