from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tideform_sandbox.services.scheduler.expressions import BadExpressionError, following

_START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC).timestamp()  # a Saturday


def next_after(expression: str, after: str = "2026-11-21T12:00:00+00:00", zone: str = "UTC") -> str | None:
    """The next moment as text, in UTC."""
    found = following(expression, datetime.fromisoformat(after).timestamp(), zone=zone)
    return None if found is None else datetime.fromtimestamp(found, UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("expression", "moment"),
    [
        ("cron(0 2 * * ? *)", "2026-11-22 02:00:00"),
        ("cron(0 12 * * ? *)", "2026-11-22 12:00:00"),
        ("cron(*/15 * * * ? *)", "2026-11-21 12:15:00"),
        ("cron(0/10 12 * * ? *)", "2026-11-21 12:10:00"),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-23 18:00:00"),
        ("cron(0 18 ? * 2 *)", "2026-11-23 18:00:00"),
        ("cron(0 18 ? * 1 *)", "2026-11-22 18:00:00"),
        ("cron(0 10 ? * 6L *)", "2026-11-27 10:00:00"),
        ("cron(0 10 ? * 3#1 *)", "2026-12-01 10:00:00"),
        ("cron(0 10 L * ? *)", "2026-11-30 10:00:00"),
        ("cron(0 10 1 JAN ? 2028)", "2028-01-01 10:00:00"),
        ("cron(0 10 1 1 ? 2020-2026)", None),
        ("at(2026-11-21T13:30:00)", "2026-11-21 13:30:00"),
        ("at(2026-11-21T11:30:00)", None),
    ],
)
def test_the_next_moment(expression: str, moment: str | None) -> None:
    assert next_after(expression) == moment


@pytest.mark.parametrize(
    ("after", "moment"),
    [
        ("2026-11-21T12:00:00+00:00", "2026-11-22 01:30:00"),
        ("2026-03-28T12:00:00+00:00", "2026-03-30 00:30:00"),  # 02:30 is skipped on the 29th
        ("2026-10-24T12:00:00+00:00", "2026-10-25 00:30:00"),
        ("2026-10-25T00:30:00+00:00", "2026-10-26 01:30:00"),  # 02:30 comes twice on the 25th, and counts once
    ],
)
def test_summer_time_is_as_on_aws(after: str, moment: str) -> None:
    assert next_after("cron(30 2 * * ? *)", after, "Europe/Berlin") == moment


def test_a_one_time_schedule_is_of_its_time_zone() -> None:
    assert next_after("at(2026-11-21T20:00:00)", zone="America/New_York") == "2026-11-22 01:00:00"


@given(st.integers(1, 500), st.sampled_from(["minute", "hour", "day"]), st.integers(-(10**6), 10**7))
def test_a_rate_comes_at_its_anchor_and_every_period_after(count: int, unit: str, later: int) -> None:
    period = count * {"minute": 60, "hour": 3600, "day": 86400}[unit]
    found = following(f"rate({count} {unit}{'s' if count > 1 else ''})", _START + later, anchor=_START)
    assert found is not None
    assert found > _START + later
    assert found >= _START
    assert (found - _START) % period == 0
    assert found == _START or found - period <= _START + later


@given(st.integers(0, 59), st.integers(0, 23), st.integers(0, 10**8))
def test_a_daily_cron_comes_at_its_time_within_a_day(minute: int, hour: int, later: int) -> None:
    found = following(f"cron({minute} {hour} * * ? *)", _START + later)
    assert found is not None
    assert 0 < found - (_START + later) <= 86400
    moment = datetime.fromtimestamp(found, UTC)
    assert (moment.minute, moment.hour, moment.second) == (minute, hour, 0)


@pytest.mark.parametrize(
    "expression", ["every day", "cron(0 2 * * *)", "cron(0 25 * * ? *)", "rate(0 minutes)", "cron(0 2 15W * ? *)"]
)
def test_nonsense_and_what_is_not_emulated_are_refused(expression: str) -> None:
    with pytest.raises(BadExpressionError):
        next_after(expression)
