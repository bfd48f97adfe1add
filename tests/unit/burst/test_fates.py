"""What becomes of a burst's jobs, as it is written down when their lease ends."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.burst.conftest import NOW
from tideform.burst.table import LeaseTable
from tideform.reaper.fates import JOBS, NEVER_BEGAN, Fate, Fates, fate_of, fates_of
from tideform.reaper.history.base import JobRecord, JobState

FAILED, RUNNING, SUCCEEDED = JobState.FAILED, JobState.RUNNING, JobState.SUCCEEDED
STOPPED, UNKNOWN, WAITING = JobState.STOPPED, JobState.UNKNOWN, JobState.WAITING
WHY = "its lease has run out"


def job(state: JobState, code: int | None = None, lease: str = "l1", number: int = 1) -> JobRecord:
    return JobRecord(f"job-{number}", lease, f"part-{number}", state, created=number, exit_code=code)


@pytest.mark.parametrize(
    ("jobs", "known", "state", "code", "why"),
    [
        ([job(FAILED, 3)], None, FAILED, 3, ""),
        ([job(SUCCEEDED)], None, SUCCEEDED, 0, ""),
        ([job(RUNNING)], None, STOPPED, None, WHY),
        ([job(WAITING)], None, STOPPED, None, WHY),
        ([job(STOPPED)], None, STOPPED, None, WHY),
        ([job(FAILED)], None, FAILED, None, WHY),  # it never ran to an end
        ([], None, STOPPED, None, f"{NEVER_BEGAN}; {WHY}"),
        ([], 0, SUCCEEDED, 0, ""),  # its command has seen the end
        ([job(RUNNING)], 3, FAILED, 3, ""),  # the backend is late to tell
        ([job(STOPPED)], 137, STOPPED, None, WHY),  # it was made to end
    ],
)
def test_a_job_that_goes_on_when_its_lease_ends_is_stopped(
    jobs: list[JobRecord], known: int | None, state: JobState, code: int | None, why: str
) -> None:
    fate = fate_of(jobs, WHY, known)
    assert (fate.state, fate.code, fate.why) == (state, code, why)


@pytest.mark.parametrize(("mode", "told"), [("up", []), ("run", ["l1"]), ("job", ["l1"]), ("schedule", ["l1"])])
def test_of_capacity_that_was_merely_held_there_is_nothing_to_tell(mode: str, told: list[str]) -> None:
    assert list(fates_of([job(FAILED, 3, lease="another")], {"l1": mode}, lambda _: WHY)) == told


@pytest.fixture
def fates(table: LeaseTable) -> Fates:
    return Fates(table.items)


def test_what_is_written_down_is_read_as_it_was(fates: Fates) -> None:
    fate = Fate(FAILED, 3, "", ("job-1", "job-2"), NOW - 60, NOW)
    fates.keep("fit", "l1", fate, NOW)
    assert fates.of("fit") == {"l1": fate}


@pytest.mark.parametrize(
    ("first", "second", "right"),
    [
        (STOPPED, FAILED, STOPPED),
        (UNKNOWN, FAILED, FAILED),
        (STOPPED, UNKNOWN, STOPPED),
        (STOPPED, SUCCEEDED, SUCCEEDED),  # whoever wrote it died before anything was stopped
        (FAILED, SUCCEEDED, FAILED),
    ],
)
def test_the_first_who_knew_is_right(fates: Fates, first: JobState, second: JobState, right: JobState) -> None:
    for state in (first, second):
        fates.keep("fit", "l1", Fate(state, 0 if state is SUCCEEDED else None), NOW)
    assert fates.of("fit")["l1"].state is right


def test_the_newest_bursts_alone_are_kept(fates: Fates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tideform.reaper.fates._KEPT", 2)
    for number in range(4):
        fates.keep("fit", f"l{number}", Fate(SUCCEEDED, 0), NOW + number)
    assert sorted(fates.of("fit")) == ["l2", "l3"]


@pytest.mark.parametrize(
    "told",
    [
        7,
        {"state": "odd"},
        {"state": ["failed"]},
        {"code": 3},
        {"state": "failed", "code": True},
        {"state": "failed", "code": 0},
        {"state": "succeeded", "code": 9},
        {"state": "succeeded"},
        {"state": "stopped", "code": 143},
        {"state": "running"},  # of a lease that has ended
        {"state": "waiting"},
    ],
)
def test_what_cannot_be_read_is_as_if_it_were_not_there(fates: Fates, told: Any) -> None:
    good = {"l2": {"state": "failed", "code": 3}}
    fates.items.write({"pk": f"{JOBS}fit", "told": {"l1": told, **good}})
    assert fates.of("fit") == {"l2": Fate(FAILED, 3)}
    fates.keep("fit", "l1", Fate(FAILED, 7), NOW)
    assert fates.of("fit")["l1"] == Fate(FAILED, 7)


def test_an_item_that_cannot_be_read_is_written_anew(fates: Fates) -> None:
    fates.items.write({"pk": f"{JOBS}fit", "told": "nonsense"})
    fates.keep("fit", "l1", Fate(FAILED, 3), NOW)
    assert fates.of("fit") == {"l1": Fate(FAILED, 3)}
