"""Which job a name means, and what goes with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.burst.conftest import lease_of
from tests.unit.burst.fakes import Stage
from tideform.burst.cancelling import cancel, chosen, require_own, to_be_ended
from tideform.burst.history.runs import Run
from tideform.burst.lease import Lease, Mode, State
from tideform.burst.runner import Work
from tideform.burst.table import LeaseTable
from tideform.errors import RefusedError
from tideform.process import user
from tideform.reaper.history.base import JobState
from tideform.spec.deployment import Deployment


def run_of(lease: str, mode: str = "job", *ids: str) -> Run:
    return Run(f"fit-{lease}", "fit", "batch", lease, JobState.RUNNING, ids, mode, held=True)


RUNS = [run_of("aa11"), run_of("aa22", "run", "4f5e-job"), run_of("bb33", "job", "b-job")]


@pytest.fixture
def stage(table: LeaseTable, deployment: Deployment) -> Stage:
    return Stage(table, deployment.spec.training["fit"])


@pytest.mark.parametrize(
    ("name", "lease"), [("fit-aa11", "aa11"), ("fit-bb33", "bb33"), ("aa22", "aa22"), ("4f5e-job", "aa22")]
)
def test_a_job_is_found_by_its_name_its_lease_or_an_id_of_its_jobs(name: str, lease: str) -> None:
    assert chosen(RUNS, name).lease == lease


@pytest.mark.parametrize(("name", "lease"), [("fit-cc44", "cc44d"), ("cc44", "cc44d")])
def test_a_job_is_found_by_as_much_of_its_name_as_is_needed(name: str, lease: str) -> None:
    assert chosen([*RUNS, run_of("cc44d")], name).lease == lease


@pytest.mark.parametrize("name", ["", " ", "\t", "f", "fit", "fit-", "fit-b", "fit-bb3", "bb3", "b-jo", "bb33-job"])
def test_what_names_no_job_is_not_taken_for_the_only_one(name: str) -> None:
    with pytest.raises(RefusedError) as caught:
        chosen(RUNS[-1:], name)
    assert [said.code for said in caught.value.diagnostics] == ["TD689"]


@pytest.mark.parametrize(
    ("name", "code", "fix"),
    [
        ("fit-dd55", "TD688", "fit-dd55e, fit-dd55f"),
        ("other-cc44", "TD689", "`tideform jobs`"),
        ("", "TD689", "`tideform jobs`"),
    ],
)
def test_a_name_of_several_jobs_or_of_none_of_this_project_is_refused(name: str, code: str, fix: str) -> None:
    with pytest.raises(RefusedError) as caught:
        chosen([*RUNS, run_of("dd55e"), run_of("dd55f")], name)
    (said,) = caught.value.diagnostics
    assert said.code == code
    assert fix in said.fix


def test_somebody_elses_job_is_not_ended_without_a_question() -> None:
    with pytest.raises(RefusedError) as caught:
        require_own(replace(run_of("aa11"), owner="alice@example.com"))
    assert [said.code for said in caught.value.diagnostics] == ["TD609"]


@pytest.mark.parametrize(
    "run", [replace(run_of("aa11"), owner=user()), replace(run_of("aa11", Mode.SCHEDULE), owner="the account")]
)
def test_ones_own_job_and_what_began_by_itself_are_anybodys_to_end(run: Run) -> None:
    require_own(run)


def detached(stage: Stage) -> Lease:
    return stage.session().detach(Work())


def test_the_capacity_of_a_job_that_was_left_alone_goes_with_it(stage: Stage) -> None:
    lease = detached(stage)
    receipt = cancel(stage.teardown(), run_of(lease.id))
    assert (receipt and receipt.empty, stage.table.get("fit").state) == (True, State.IDLE)


def test_capacity_that_others_hold_is_left_to_them(stage: Stage, deployment: Deployment) -> None:
    stage.session().up()
    lease = lease_of(deployment)
    stage.table.acquire(lease)
    assert cancel(stage.teardown(), run_of(lease.id, Mode.RUN)) is None
    assert (stage.calls[-1], stage.runner.instances != ()) == ("end jobs", True)


def test_the_lease_of_a_command_has_ended_before_its_jobs_are(stage: Stage, deployment: Deployment) -> None:
    lease = lease_of(deployment)
    stage.table.acquire(lease)
    states: list[State] = []
    stage.runner.on_end = lambda: states.append(stage.table.get("fit").state)
    receipt = cancel(stage.teardown(), run_of(lease.id, Mode.RUN))
    assert (receipt and receipt.empty, states[0], stage.table.get("fit").state) == (True, State.STOPPING, State.IDLE)


@pytest.mark.parametrize("code", ["TD612", "TD690"])
def test_the_command_of_a_cancelled_job_says_so(stage: Stage, code: str) -> None:
    def work(lease: Lease, *_: object) -> int:
        cancel(stage.teardown(), run_of(lease.id, Mode.RUN))
        raise RefusedError.of(code, "The job did not run to its end", fix="Look at the job's image.")

    stage.runner.work = work
    with pytest.raises(RefusedError) as caught:
        stage.session().run(Work(), print)
    assert caught.value.diagnostics[0].code == "TD614"


def test_a_job_that_ends_early_by_itself_is_told_as_that(stage: Stage) -> None:
    def work(*_: object) -> int:
        raise RefusedError.of("TD612", "The job did not run to its end", fix="Look at the job's image.")

    stage.runner.work = work
    with pytest.raises(RefusedError) as caught:
        stage.session().run(Work(), print)
    assert caught.value.diagnostics[0].code == "TD612"


def test_a_job_that_its_time_out_ends_as_its_lease_does_is_told_as_that(stage: Stage) -> None:
    def work(lease: Lease, *_: object) -> int:
        stage.now = lease.deadline - 1
        raise RefusedError.of("TD612", "The job did not run to its end", fix="Look at the job's image.")

    stage.runner.work = work
    with pytest.raises(RefusedError) as caught:
        stage.session().run(Work(), print)
    assert caught.value.diagnostics[0].code == "TD607"


def test_a_sweep_between_two_members_is_not_over(stage: Stage) -> None:
    between = replace(run_of("aa11", Mode.RUN), state=JobState.SUCCEEDED)
    assert to_be_ended(between)


def test_cancelling_what_is_over_does_nothing(stage: Stage) -> None:
    lease = detached(stage)
    cancel(stage.teardown(), run_of(lease.id))
    before = list(stage.calls)
    assert cancel(stage.teardown(), run_of(lease.id)) is None
    assert stage.calls == before
