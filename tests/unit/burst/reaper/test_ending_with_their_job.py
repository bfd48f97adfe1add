"""Leases that end with their job: of a schedule, and of a command that has left its job alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tideform.reaper import scheduled
from tideform.reaper.modes import JOB, SCHEDULE
from tideform.reaper.scheduled import JOB_OVER, NEVER_BEGAN
from tideform.reaper.starting.base import Again
from tideform.reaper.steps import Steps

NOW = 1_800_000_000
NOTHING = Again()


@pytest.fixture(autouse=True)
def backend(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The leases whose jobs go on."""
    working: set[str] = set()
    of = SimpleNamespace(working=lambda _clients, _handle: working, failed=lambda _clients, _handle, _job: "")
    monkeypatch.setattr(scheduled, "starting", lambda _backend: of)
    return working


def refuse(*_: Any) -> Any:
    raise OSError("no")


def over(came: Again = NOTHING, **held: Any) -> dict[str, str]:
    lease = {"mode": JOB, "created": NOW - 1000, **held}
    item = {"leases": {"l1": lease}, "handle": {"backend": "batch"}}
    with Steps() as steps:
        return scheduled.over(cast(Any, None), item, NOW, lambda _lease: came, steps)


@pytest.mark.parametrize("mode", [SCHEDULE, JOB])
def test_a_lease_goes_when_its_job_is_over(mode: str) -> None:
    assert over(mode=mode, job="j-1") == {"l1": JOB_OVER}


@pytest.mark.parametrize("mode", ["run", "up"])
def test_a_lease_that_somebody_else_ends_is_left_alone(mode: str) -> None:
    assert over(mode=mode) == {}


def test_while_its_job_goes_on_it_stays(backend: set[str]) -> None:
    backend.add("l1")
    assert over(job="j-1") == {}


@pytest.mark.parametrize(("begin_by", "ended"), [(NOW + 1, {}), (NOW, {"l1": NEVER_BEGAN})])
def test_one_that_never_got_its_job_goes_at_its_time(begin_by: int, ended: dict[str, str]) -> None:
    assert over(begin_by=begin_by) == ended


@pytest.mark.parametrize(("begun", "ended"), [(NOW - 30, {}), (NOW - 90, {"l1": JOB_OVER})])
def test_a_job_that_has_just_begun_may_not_be_in_every_list_yet(begun: int, ended: dict[str, str]) -> None:
    assert over(job="j-1", begun=begun) == ended


def test_that_a_schedule_has_just_begun_another_keeps_no_lease(backend: set[str]) -> None:
    lease = {"mode": JOB, "created": NOW - 1000, "job": "j-1", "begun": NOW - 500}
    item = {"leases": {"l1": lease}, "handle": {"backend": "batch"}, "begun": NOW - 5}
    with Steps() as steps:
        assert scheduled.over(cast(Any, None), item, NOW, lambda _lease: NOTHING, steps) == {"l1": JOB_OVER}


def test_a_job_that_begins_anew_keeps_its_lease() -> None:
    assert over(Again(goes_on=True), job="j-1") == {}


def test_one_that_may_not_begin_anew_ends_for_what_it_lost() -> None:
    assert over(Again(over="its job lost i-1"), job="j-1") == {"l1": "its job lost i-1"}


def test_one_that_has_just_begun_anew_may_not_be_in_every_list_yet() -> None:
    assert over(job="j-1", begun=NOW - 900, again=NOW - 30) == {}


TWO: dict[str, Any] = {"handle": {"backend": "ec2"}, "leases": {
    "l1": {"mode": JOB, "created": NOW - 1000, "job": "j-1"},
    "l2": {"mode": JOB, "created": NOW - 1000, "job": "j-2"},
}}  # fmt: skip


def test_a_lease_whose_job_cannot_be_looked_at_keeps_no_other_and_is_told() -> None:
    steps = Steps()
    look = {"l1": refuse, "l2": lambda: NOTHING}
    assert scheduled.over(cast(Any, None), TWO, NOW, lambda lease: look[lease](), steps) == {"l2": JOB_OVER}
    assert [str(error) for error in steps.refused] == ["no"]


def test_where_nobody_tells_what_works_a_job_goes_on_and_one_that_never_came_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scheduled, "starting", lambda _: SimpleNamespace(working=refuse))
    item = {**TWO, "leases": {**TWO["leases"], "l3": {"mode": JOB, "created": NOW - 1000}}}
    steps = Steps()
    assert scheduled.over(cast(Any, None), item, NOW, lambda _: NOTHING, steps) == {"l3": NEVER_BEGAN}
    assert [str(error) for error in steps.refused] == ["no"]


def test_that_nobody_tells_why_a_job_failed_keeps_no_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    of = SimpleNamespace(working=lambda *_: {"l2"}, failed=refuse)
    monkeypatch.setattr(scheduled, "starting", lambda _: of)
    steps = Steps()
    assert scheduled.over(cast(Any, None), TWO, NOW, lambda _: NOTHING, steps) == {"l1": JOB_OVER}
    assert [str(error) for error in steps.refused] == ["no"]
