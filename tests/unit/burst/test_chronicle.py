"""What the command that ends a burst writes down of its jobs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Event
from typing import Any

import pytest

from tests.unit.burst.conftest import lease_of
from tests.unit.burst.fakes import Stage
from tideform.burst import chronicle
from tideform.burst.cancelling import cancel
from tideform.burst.history.runs import Run
from tideform.burst.lease import Lease, Mode, State
from tideform.burst.runner import Work
from tideform.burst.table import LeaseTable
from tideform.errors import CloudError, RefusedError
from tideform.process import user
from tideform.reaper.brief import briefly
from tideform.reaper.fates import NEVER_BEGAN, NOBODYS, UNREADABLE, Fate, Fates
from tideform.reaper.history.base import JobRecord, JobState
from tideform.spec.deployment import Deployment

Remember = Callable[[Callable[[], list[JobRecord]]], None]


@pytest.fixture
def stage(table: LeaseTable, deployment: Deployment) -> Stage:
    return Stage(table, deployment.spec.training["fit"])


@pytest.fixture
def remember(monkeypatch: pytest.MonkeyPatch) -> Remember:
    """Sets what the backend remembers."""

    def set_to(found: Callable[[], list[JobRecord]]) -> None:
        monkeypatch.setattr(chronicle, "remembered_jobs", lambda *_, **__: found())

    return set_to


def told(stage: Stage) -> list[Fate]:
    return list(Fates(stage.table.items).of("fit").values())


def job(lease: Lease, state: JobState, code: int | None = None) -> JobRecord:
    return JobRecord("job-1", lease.id, "job", state, created=1.0, exit_code=code)


@pytest.mark.parametrize(("code", "state"), [(3, JobState.FAILED), (0, JobState.SUCCEEDED)])
def test_the_exit_code_that_a_command_has_seen_is_written_down(stage: Stage, code: int, state: JobState) -> None:
    stage.runner.work = lambda *_: code
    stage.session().run(Work(), print)
    assert told(stage) == [Fate(state, code)]


def test_a_job_that_never_began_is_stopped_and_says_why(stage: Stage) -> None:
    def refuse() -> None:
        raise RefusedError.of("TD606", "The capacity did not come", detail="There is none.", fix="Wait.")

    stage.runner.on_up = refuse
    with pytest.raises(RefusedError):
        stage.session().run(Work(), print)
    assert told(stage) == [Fate(JobState.STOPPED, why=f"{NEVER_BEGAN}; The capacity did not come: There is none.")]


def test_a_job_is_asked_about_before_its_capacity_goes(
    stage: Stage, remember: Remember, deployment: Deployment
) -> None:
    lease = lease_of(deployment)
    stage.table.acquire(lease)
    remember(lambda: [job(lease, JobState.RUNNING if "down" not in stage.calls else JobState.FAILED, 137)])
    stage.teardown().give_back(lease, end=chronicle.End("its lease is over"))
    assert told(stage) == [Fate(JobState.STOPPED, why="its lease is over", ids=("job-1",))]


def test_a_cancelled_job_says_who_has_cancelled_it(stage: Stage, remember: Remember) -> None:
    lease = stage.session().detach(Work())
    remember(lambda: [job(lease, JobState.RUNNING)])
    run = Run(lease.job_name, "fit", "batch", lease.id, JobState.RUNNING, ("job-1",), Mode.JOB, held=True)
    cancel(stage.teardown(), run)
    assert [fate.why for fate in told(stage)] == [f"it was cancelled by {user()}"]


def test_that_a_job_is_cancelled_is_written_down_once_its_lease_has_ended(
    stage: Stage, remember: Remember, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, states, keep = stage.session().detach(Work()), list[State](), Fates.keep

    def noting(fates: Fates, *told: Any) -> None:
        states.append(stage.table.get("fit").state)
        keep(fates, *told)

    remember(lambda: [job(lease, JobState.RUNNING)])
    monkeypatch.setattr(Fates, "keep", noting)
    run = Run(lease.job_name, "fit", "batch", lease.id, JobState.RUNNING, ("job-1",), Mode.JOB, held=True)
    cancel(stage.teardown(), run)
    assert states == [State.STOPPING]


def test_a_job_that_was_ended_while_the_table_refused_is_stopped_and_says_why(
    stage: Stage, remember: Remember, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, release, refusals = lease_of(deployment), LeaseTable.release, [1]
    stage.table.acquire(lease)
    remember(lambda: [job(lease, *((JobState.FAILED, 143) if "down" in stage.calls else (JobState.RUNNING, None)))])

    def refuse_once(table: LeaseTable, *of: Any) -> Any:
        if refusals and refusals.pop():
            raise CloudError.of("TD617", "The lease table could not be used")
        return release(table, *of)

    monkeypatch.setattr(LeaseTable, "release", refuse_once)
    stage.teardown().give_back(lease, end=chronicle.End("its lease is over"))
    assert told(stage) == [Fate(JobState.STOPPED, why="its lease is over", ids=("job-1",))]


def test_a_job_that_came_to_a_good_end_after_its_end_was_cut_off_has_succeeded(
    stage: Stage, remember: Remember, deployment: Deployment
) -> None:
    lease = lease_of(deployment)
    record = stage.table.release(lease, stage.now) if stage.table.acquire(lease) else None
    assert record is not None
    remember(lambda: [job(lease, JobState.RUNNING)])
    stage.teardown().chronicle.note([lease], chronicle.End("it was cancelled by me"))  # and is killed right then
    remember(lambda: [job(lease, JobState.SUCCEEDED)])
    stage.teardown().finish(record)
    assert told(stage) == [Fate(JobState.SUCCEEDED, 0, ids=("job-1",))]


def test_the_jobs_of_a_pool_whose_record_cannot_be_read_are_stopped_and_say_why(
    stage: Stage, remember: Remember
) -> None:
    lease = stage.session().detach(Work())
    item = stage.table.items.get("pool#fit") or {}
    stage.table.items.write({**item, "tokens": "x"})
    others = JobRecord("job-2", "0a1b", "job", JobState.RUNNING, created=1.0)
    remember(lambda: [job(lease, JobState.RUNNING), others])
    stage.teardown().give_back(lease, end=chronicle.End("its lease is over"))
    assert {fate.ids: (fate.state, fate.why) for fate in told(stage)} == {
        ("job-1",): (JobState.STOPPED, "its lease is over"),
        ("job-2",): (JobState.STOPPED, UNREADABLE),
    }


def test_the_jobs_of_a_pool_that_nobody_holds_are_stopped_and_say_why(stage: Stage, remember: Remember) -> None:
    late = JobRecord("job-2", "0a1b", "job", JobState.WAITING, created=1.0)
    over = JobRecord("job-1", "2c3d", "job", JobState.SUCCEEDED, created=1.0)
    remember(lambda: [late, over])
    stage.session().down()
    assert Fates(stage.table.items).of("fit") == {"0a1b": Fate(JobState.STOPPED, why=NOBODYS, ids=("job-2",))}


def test_who_begins_while_it_is_looked_for_what_nobody_holds_is_not_told_as_stopped(
    stage: Stage, remember: Remember, deployment: Deployment
) -> None:
    lease = lease_of(deployment)

    def begin() -> list[JobRecord]:
        stage.table.acquire(lease)
        return [job(lease, JobState.RUNNING)]

    remember(begin)
    assert (stage.session().down(), told(stage), stage.table.get("fit").count) == (None, [], 1)


def test_capacity_that_is_held_is_no_job(stage: Stage) -> None:
    stage.session().up()
    stage.session().down()
    assert told(stage) == []


def test_a_backend_that_refuses_stops_no_end(stage: Stage, remember: Remember) -> None:
    lease = stage.session().detach(Work())

    def refuse() -> list[JobRecord]:
        raise CloudError.of("TD611", "A cloud service refused", detail="Throttled", fix="Again.")

    remember(refuse)
    stage.teardown().give_back(lease)
    (fate,) = told(stage)
    assert (stage.table.get("fit").state, fate.state) == (State.IDLE, JobState.UNKNOWN)
    assert "Throttled" in fate.why


def test_a_table_that_refuses_stops_no_end(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise CloudError.of("TD611", "A cloud service refused", detail="Throttled", fix="Again.")

    monkeypatch.setattr(Fates, "keep", refuse)
    stage.session().run(Work(), print)
    assert stage.table.get("fit").state is State.IDLE
    assert "What became of its jobs is not written down: Throttled" in stage.said


def test_what_nobody_has_written_down_is_before_definitions_go(stage: Stage, remember: Remember) -> None:
    stage.removes = True
    lost = JobRecord("job-9", "0a1b", "job", JobState.FAILED, created=1.0, exit_code=3)
    remember(lambda: [lost] if "destroy" not in stage.calls else [])
    stage.session().down()
    assert Fates(stage.table.items).of("fit") == {"0a1b": Fate(JobState.FAILED, 3, ids=("job-9",))}


def test_an_end_waits_for_no_backend_that_does_not_answer(
    stage: Stage, remember: Remember, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = Event()

    def hang() -> list[JobRecord]:
        never.wait()
        return []

    remember(hang)
    monkeypatch.setattr(chronicle, "briefly", partial(briefly, seconds=2.0))
    stage.session().detach(Work())
    stage.session().down()
    never.set()
    assert stage.runner.instances == ()
    assert [(fate.state, "no answer" in fate.why) for fate in told(stage)] == [(JobState.UNKNOWN, True)]
