"""Schedules as EventBridge takes them."""

from __future__ import annotations

import pytest

from tideform.spec.schedule import what_is_wrong


@pytest.mark.parametrize(
    "schedule",
    [
        "cron(0 2 * * ? *)",
        "cron(0/15 * ? * MON-FRI *)",
        "cron(5,35 14 ? JAN-MAR MON,WED 2026-2030)",
        "cron(0 10 L * ? *)",
        "cron(0 10 3W * ? *)",
        "cron(0 10 ? * 6#3 *)",
        "cron(*/5 * * * ? *)",
        "rate(1 day)",
        "rate(12 hours)",
    ],
)
def test_these_are_schedules(schedule: str) -> None:
    assert what_is_wrong(schedule) == ""


@pytest.mark.parametrize(
    "schedule",
    [
        "",
        "nightly",
        "0 2 * * *",
        "cron()",
        "cron(0 2 * * *)",
        "cron(0 2 * * * *)",
        "cron(0 2 ? * ? *)",
        "cron(60 2 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 2 32 * ? *)",
        "cron(0 2 * 13 ? *)",
        "cron(0 2 ? * 8 *)",
        "cron(0 2 * * ? 1969)",
        "cron(0/0 2 * * ? *)",
        "cron(0/ 2 * * ? *)",
        "cron(? 2 * * ? *)",
        "cron(0 2 * FOO ? *)",
        "rate(0 days)",
        "rate(1 days)",
        "rate(2 day)",
        "rate(1 week)",
    ],
)
def test_these_are_none_and_it_is_said_why(schedule: str) -> None:
    assert what_is_wrong(schedule).endswith(".")
