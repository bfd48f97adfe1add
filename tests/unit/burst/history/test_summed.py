"""The jobs of one burst as one: where it is, and the exit code that it ended with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tideform.reaper.history.base import JobRecord, JobState, attempts_of, summed

FAILED, RUNNING, SUCCEEDED, STOPPED = JobState.FAILED, JobState.RUNNING, JobState.SUCCEEDED, JobState.STOPPED


def job(state: JobState, number: int, part: str = "", code: int | None = None) -> JobRecord:
    return JobRecord(f"job-{number}", "0123456789ab", part, state, created=number, ended=number + 1, exit_code=code)


@pytest.mark.parametrize(
    ("jobs", "state", "code"),
    [
        ([], JobState.UNKNOWN, None),
        ([job(SUCCEEDED, 1)], SUCCEEDED, 0),
        ([job(FAILED, 1, code=7)], FAILED, 7),
        ([job(FAILED, 1)], FAILED, None),  # it never ran to an end
        ([job(STOPPED, 1)], STOPPED, None),
        ([job(FAILED, 1, code=143), job(SUCCEEDED, 2)], SUCCEEDED, 0),  # begun again after its machine went
        ([job(FAILED, 1, "a", 3), job(SUCCEEDED, 2, "b")], FAILED, 3),
        (
            [job(SUCCEEDED, 1, "a"), job(JobState.RUNNING, 2, "b"), job(JobState.WAITING, 3, "c")],
            JobState.RUNNING,
            None,
        ),
        ([job(SUCCEEDED, 1, "a"), job(STOPPED, 2, "b")], STOPPED, None),  # cut short in the middle
        ([job(STOPPED, 1, "a"), job(SUCCEEDED, 2, "b")], STOPPED, None),
    ],
)
def test_the_newest_attempt_at_each_part_counts(jobs: list[JobRecord], state: JobState, code: int | None) -> None:
    assert summed(jobs) == (state, code)


@pytest.mark.parametrize(
    ("parts", "attempts"),
    [("", 0), ("a", 1), ("aa", 2), ("abbb", 3)],
)
def test_a_burst_has_begun_as_often_as_the_part_that_began_most_often(parts: str, attempts: int) -> None:
    assert attempts_of(replace(job(SUCCEEDED, 1, part), attempts=1) for part in parts) == attempts


def test_of_a_backend_that_tells_no_attempts_none_are_counted() -> None:
    assert attempts_of([job(SUCCEEDED, 1)]) == 0
