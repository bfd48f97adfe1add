"""The history of jobs: what nobody knows is said to be unknown, and no cost is a false zero."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tideform.burst.history.runs import Run
from tideform.reaper.history.base import JobState
from tideform.views.jobs import run_json, run_lines

NOW = 1_800_000_000.0
ENDED = Run(
    name="fit-0123456789ab",
    pool="fit",
    backend="batch",
    lease="0123456789ab",
    state=JobState.FAILED,
    ids=("j-1",),
    mode="job",
    owner="ada@box",
    exit_code=7,
    began=NOW - 3700,
    ended=NOW - 10,
    usd=1.25,
)


def row(run: Run) -> list[str]:
    _, line = run_lines([run], NOW)
    return str(line).split()


def test_a_job_that_is_over_has_its_exit_code_its_time_and_its_cost() -> None:
    assert row(ENDED) == [
        "fit-0123456789ab", "batch", "failed", "7", "2027-01-15T06:58:20Z", "1:01:30", "1.25", "USD", "ada@box"
    ]  # fmt: skip


def test_a_job_that_runs_has_no_exit_code_and_its_time_so_far() -> None:
    told = row(replace(ENDED, state=JobState.RUNNING, exit_code=None, ended=None))
    assert told[2:5] == ["running", "2027-01-15T06:58:20Z", "1:01:40"]


def test_what_a_backend_has_forgotten_is_unknown() -> None:
    forgotten = replace(ENDED, state=JobState.UNKNOWN, exit_code=None, began=None, ended=None, usd=None, owner="")
    assert row(forgotten)[2:] == ["unknown"] * 6


@pytest.mark.parametrize(
    ("usd", "unpriced", "told"),
    [
        (0.001, (), "less than 0.01 USD"),
        (0.0, (), "0.00 USD"),
        (1.25, ("p9.48xlarge",), "at least 1.25 USD"),
        (0.0, ("p9.48xlarge",), "unknown"),
    ],
)
def test_a_cost_is_no_false_sum(usd: float, unpriced: tuple[str, ...], told: str) -> None:
    assert " ".join(row(replace(ENDED, usd=usd, unpriced=unpriced))[6:-1]) == told


@pytest.mark.parametrize(
    ("key", "value"),
    [("exit_code", 7), ("seconds", 3690), ("ended", "2027-01-15T07:59:50Z"), ("ids", ["j-1"]), ("usd", 1.25)],
)
def test_programs_get_the_same(key: str, value: Any) -> None:
    assert run_json(ENDED, NOW)[key] == value


def test_what_is_unknown_is_null_for_programs() -> None:
    told = run_json(replace(ENDED, exit_code=None, began=None, usd=None, owner="", mode=""), NOW)
    assert {told[key] for key in ("exit_code", "began", "seconds", "usd", "owner", "mode")} == {None}


def test_a_job_that_began_anew_says_how_often_it_has_begun() -> None:
    assert " ".join(row(replace(ENDED, attempts=3))[2:5]) == "failed (attempt 3)"


@pytest.mark.parametrize(("attempts", "told"), [(3, 3), (1, 1), (0, None)])
def test_programs_get_its_attempts_where_the_backend_tells(attempts: int, told: int | None) -> None:
    assert run_json(replace(ENDED, attempts=attempts), NOW)["attempts"] == told
