"""A job that is begun and left: all that ends it is in place before it starts, and nothing stays where it does not."""

from __future__ import annotations

import signal
from dataclasses import replace
from unittest.mock import create_autospec

import pytest

from tests.unit.burst.conftest import lease_of
from tests.unit.burst.fakes import START, Stage
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease, Mode, State
from tideform.burst.runner import OnLog, Runner, Work
from tideform.burst.table import LeaseTable
from tideform.errors import CloudError, InterruptedRunError, RefusedError
from tideform.reaper.modes import JOB
from tideform.spec.deployment import Deployment


@pytest.fixture
def stage(table: LeaseTable, deployment: Deployment) -> Stage:
    return Stage(table, deployment.spec.training["fit"])


def test_the_job_goes_on_under_a_lease_that_ends_with_it_and_not_with_the_process(stage: Stage) -> None:
    stage.session().detach(Work())
    (lease,) = stage.table.get("fit").leases
    assert (lease.mode, lease.detached, lease.job) == (JOB, True, "job-1")
    assert stage.runner.instances != ()


def test_until_the_job_has_begun_its_lease_hangs_on_the_process_and_on_a_time(stage: Stage) -> None:
    seen: list[tuple[bool, int]] = []

    def work(*_: object) -> int:
        seen.extend((one.detached, one.begin_by - one.created) for one in stage.table.get("fit").leases)
        return 0

    stage.runner.work = work
    stage.session().detach(Work())
    assert seen == [(False, 1800)]


def test_it_gets_the_time_and_the_cap_of_the_pool(stage: Stage) -> None:
    lease = stage.session().detach(Work())
    assert (lease.deadline - lease.created, str(lease.cap_usd)) == (3600, "3")


def test_its_brakes_prove_themselves_even_where_others_have_brought_the_capacity(
    stage: Stage, deployment: Deployment
) -> None:
    first = lease_of(deployment, Mode.UP)
    stage.table.acquire(first)
    stage.table.up(first)
    stage.runner.missing = "it is not there"
    with pytest.raises(RefusedError) as caught:
        stage.session().detach(Work())
    assert caught.value.diagnostics[0].code == "TD605"
    assert [lease.id for lease in stage.table.get("fit").leases] == [first.id]


def test_where_it_cannot_begin_nothing_stays(stage: Stage) -> None:
    def fail(*_: object) -> int:
        raise CloudError.of("TD611", "A cloud service refused")

    stage.runner.work = fail
    with pytest.raises(CloudError):
        stage.session().detach(Work())
    assert (stage.runner.instances, stage.table.get("fit").state) == ((), State.IDLE)


def test_who_interrupts_the_beginning_leaves_nothing(stage: Stage) -> None:
    def interrupted(_lease: Lease, _log: OnLog, halt: Halt) -> int:
        halt.ask(signal.SIGINT)
        return 0

    stage.runner.work = interrupted
    with pytest.raises(InterruptedRunError):
        stage.session().detach(Work())
    assert (stage.runner.instances, stage.table.get("fit").leases) == ((), ())


def test_a_lease_that_was_ended_meanwhile_takes_its_job_along(stage: Stage) -> None:
    def end_it(*_: object) -> int:
        lease = stage.table.get("fit").leases[0]
        stage.table.stopped(stage.table.release(lease, START) or stage.table.get("fit"), START)
        return 0

    stage.runner.work = end_it
    with pytest.raises(RefusedError) as caught:
        stage.session().detach(Work())
    assert (caught.value.diagnostics[0].code, stage.runner.instances) == ("TD614", ())


def test_beyond_the_months_hard_stop_nothing_begins(stage: Stage) -> None:
    stage.stop_usd = 0.0
    with pytest.raises(RefusedError):
        stage.session().detach(Work())
    assert stage.calls == []


def test_definitions_that_stand_during_bursts_only_are_made_first(stage: Stage) -> None:
    stage.removes = True
    stage.session().detach(Work())
    assert stage.calls == ["lock", "apply", "begin", "unlock"]


def test_a_backend_that_begins_no_jobs_is_refused_before_a_lease_is_taken(stage: Stage) -> None:
    following = create_autospec(Runner, instance=True)  # which is no `Begins`
    following.check.return_value = ()
    session = stage.session()
    with pytest.raises(RefusedError) as caught:
        replace(session, teardown=replace(session.teardown, runner=following)).detach(Work())
    assert (caught.value.diagnostics[0].code, stage.table.get("fit").count) == ("TD683", 0)


def test_room_is_waited_for_before_the_pool_is_locked_and_told(stage: Stage) -> None:
    def make_room(_lease: Lease, _work: Work, halt: Halt) -> None:
        stage.calls.append("room")
        halt.say("it waits")

    stage.runner.on_room = make_room
    stage.session().detach(Work())
    assert (stage.calls[:2], "it waits" in stage.said) == (["room", "lock"], True)
