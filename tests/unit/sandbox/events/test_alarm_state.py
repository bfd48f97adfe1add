from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tideform_sandbox.services.cloudwatch.alarm_state import ALARM, NO_DATA, OK, Points, judged


def state(*periods: float | None, needed: int = 1, missing: str = "missing", now: str = OK) -> str:
    return judged(periods, threshold=10, comparison="GreaterThanThreshold", needed=needed, missing=missing, now=now)


@pytest.mark.parametrize(
    ("periods", "needed", "expected"),
    [
        ((11,), 1, ALARM),
        ((10,), 1, OK),
        ((11, 5, 11), 2, ALARM),
        ((11, 5, 5), 2, OK),
        ((None, None), 1, NO_DATA),
        ((None, 11), 1, ALARM),
    ],
)
def test_enough_breaching_periods_make_an_alarm(periods: tuple[float | None, ...], needed: int, expected: str) -> None:
    assert state(*periods, needed=needed) == expected


@pytest.mark.parametrize(
    ("missing", "expected"), [("breaching", ALARM), ("notBreaching", OK), ("missing", NO_DATA), ("ignore", ALARM)]
)
def test_missing_data_count_as_they_are_said_to(missing: str, expected: str) -> None:
    assert state(None, None, missing=missing, now=ALARM) == expected


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_statistics_lie_where_they_must(values: list[float]) -> None:
    points = Points()
    for value in values:
        points.add(total=value, count=1, lowest=value, highest=value)
    low, high = points.statistic("Minimum"), points.statistic("Maximum")
    middle, average = points.statistic("p50"), points.statistic("Average")
    assert (low, high) == (min(values), max(values))
    assert middle in values
    assert average is not None
    assert min(values) - 1e-6 <= average <= max(values) + 1e-6
    assert points.statistic("SampleCount") == len(values)


def test_a_period_without_data_has_no_statistic() -> None:
    assert Points().statistic("Sum") is None
