"""A burst's life: whatever happens in it, its capacity goes, and what is told is the truth."""

from __future__ import annotations

import errno
import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.unit.burst.conftest import lease_of
from tests.unit.burst.fakes import START, FakeRunner, Stage
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease, Mode, State
from tideform.burst.runner import Job, OnLog, Work
from tideform.burst.session import Session
from tideform.burst.table import LeaseTable
from tideform.burst.table_errors import NoTableError
from tideform.errors import CloudError, EngineError, InterruptedRunError, LeftoversError, LockedError, RefusedError
from tideform.reaper.pools import Pools
from tideform.spec.deployment import Deployment
from tideform.times import utc

MANY = Work(nodes=3)


@pytest.fixture
def stage(table: LeaseTable, deployment: Deployment) -> Stage:
    return Stage(table, deployment.spec.training["fit"])


def test_a_run_brings_capacity_works_and_takes_it_away(stage: Stage) -> None:
    stage.session().run(Work(), print)
    assert stage.calls == ["lock", "up", "unlock", "run", "down", "lock", "down", "unlock"]


def test_a_run_ends_with_the_jobs_exit_code_and_an_empty_receipt(stage: Stage) -> None:
    stage.runner.work = lambda *_: 7
    ended = stage.session().run(Work(), print)
    assert (ended.exit_code, ended.receipt and ended.receipt.empty) == (7, True)


def test_the_lease_is_written_before_any_capacity_and_gone_after_it(stage: Stage) -> None:
    seen: list[int] = []
    stage.runner.on_up = lambda: seen.append(stage.table.get("fit").count)
    stage.session().run(Work(), print)
    assert [*seen, stage.table.get("fit").count] == [1, 0]


def test_the_jobs_output_is_handed_on(stage: Stage) -> None:
    def work(_lease: Lease, log: OnLog, _halt: Halt) -> int:
        log("epoch 1")
        return 0

    lines: list[str] = []
    stage.runner.work = work
    stage.session().run(Work(), lines.append)
    assert lines == ["epoch 1"]


@pytest.mark.parametrize("problem", [RuntimeError("a bug"), BrokenPipeError(), KeyboardInterrupt()])
def test_capacity_goes_whatever_is_raised(stage: Stage, problem: BaseException) -> None:
    def work(*_: object) -> int:
        raise problem

    stage.runner.work = work
    with pytest.raises(type(problem)):
        stage.session().run(Work(), print)
    assert stage.runner.instances == ()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_capacity_goes_on_a_signal(stage: Stage, number: signal.Signals) -> None:
    def work(_lease: Lease, _log: OnLog, halt: Halt) -> int:
        signal.raise_signal(number)
        halt.check()
        return 0

    stage.runner.work = work
    with pytest.raises(InterruptedRunError):
        stage.session().run(Work(), print)
    assert stage.runner.instances == ()


def test_signals_during_the_teardown_neither_stop_nor_fail_it(stage: Stage) -> None:
    stage.runner.on_down = lambda: signal.raise_signal(signal.SIGINT)
    stage.runner.stubborn = 2
    ended = stage.session().run(Work(), print)
    assert ended.receipt is not None
    assert any("Still taking the capacity away" in line for line in stage.said)


def test_the_handlers_of_before_are_back_afterwards(stage: Stage) -> None:
    before = signal.getsignal(signal.SIGTERM)
    stage.session().run(Work(), print)
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_second_burst_finds_the_capacity_and_leaves_it(stage: Stage, deployment: Deployment) -> None:
    first = lease_of(deployment, Mode.UP)
    stage.table.acquire(first)
    stage.table.up(first)
    ended = stage.session().run(Work(), print)
    assert ended.receipt is None
    assert stage.calls == ["lock", "unlock", "run", "end jobs"]


class Widening(FakeRunner):
    """A runner whose jobs may need more than the pool's smallest capacity."""

    def widen(self, _lease: Lease, _work: Work, _halt: Halt) -> None:
        self.calls.append("widen")


class Looking(FakeRunner):
    """A runner that looks first: it remarks something, or refuses."""

    refusal: RefusedError | None = None

    def check(self, _work: Work | None) -> tuple[str, ...]:
        if self.refusal:
            raise self.refusal
        return ("Kueue is new",)


@pytest.mark.parametrize("start", [lambda session: session.run(Work(), print), lambda session: session.up()])
def test_what_a_backend_refuses_is_refused_before_a_lease_is_taken(
    stage: Stage, start: Callable[[Session], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def acquired(*_: object) -> None:
        raise AssertionError("a lease was taken")

    stage.runner = Looking(stage.calls)
    stage.runner.refusal = RefusedError.of("TD669", "It never fits")
    monkeypatch.setattr(LeaseTable, "acquire", acquired)
    with pytest.raises(RefusedError, match="It never fits"):
        start(stage.session())


def test_what_a_backend_remarks_is_told(stage: Stage) -> None:
    stage.runner = Looking(stage.calls)
    stage.session().run(Work(), print)
    assert "Note: Kueue is new." in stage.said


def test_capacity_is_told_as_large_as_the_job_asks_for_it(stage: Stage) -> None:
    stage.session().run(Work(nodes=2), print)
    assert any(line.startswith("Bringing in 2 instances") for line in stage.said)


def test_the_brakes_that_are_asked_are_told_before_anything_is_brought(stage: Stage) -> None:
    stage.session().run(Work(), print)
    told = [line.split(":")[0] for line in stage.said]
    assert told.index("Checking the brakes") < told.index(next(line for line in told if line.startswith("Bringing")))


def shared(stage: Stage, deployment: Deployment) -> Lease:
    """Ann holds the pool, and is up."""
    first = lease_of(deployment, Mode.UP, owner="ann@here")
    stage.table.acquire(first)
    stage.table.up(first)
    return first


def test_who_shares_a_pool_with_jobs_at_work_is_told_whom_it_waits_for(stage: Stage, deployment: Deployment) -> None:
    first = shared(stage, deployment)
    stage.runner.others = (Job("1", "fit-first", "RUNNING", first.id),)
    stage.session().run(Work(), print)
    (told,) = [line for line in stage.said if "is held by" in line]
    assert told.startswith(
        f"fit is held by ann@here until {utc(first.deadline)} as well, with 1 job not over (fit-first)."
    )
    assert "while none is free, this job waits for one" in told


def test_who_shares_a_pool_where_nothing_runs_is_told_nothing(stage: Stage, deployment: Deployment) -> None:
    shared(stage, deployment)
    stage.session().run(Work(), print)
    assert not any("is held by" in line for line in stage.said)


def test_jobs_that_cannot_be_listed_end_no_burst(
    stage: Stage, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> tuple[Job, ...]:
        raise CloudError.of("TD611", "A cloud service refused")

    shared(stage, deployment)
    monkeypatch.setattr(stage.runner, "jobs", refuse)
    assert stage.session().run(Work(), print).exit_code == 0


def test_up_leaves_capacity_under_a_lease_that_outlives_the_process(stage: Stage) -> None:
    stage.session().up()
    record = stage.table.get("fit")
    assert (record.state, [lease.detached for lease in record.leases]) == (State.UP, [True])


def test_an_up_that_fails_leaves_nothing(stage: Stage) -> None:
    def fail() -> None:
        raise CloudError.of("TD611", "A cloud service refused")

    stage.runner.on_up = fail
    with pytest.raises(CloudError):
        stage.session().up()
    assert (stage.runner.instances, stage.table.get("fit").count) == ((), 0)


def test_down_ends_ones_own_burst(stage: Stage) -> None:
    stage.session().up()
    receipt = stage.session().down()
    assert receipt is not None
    assert receipt.empty


def test_down_leaves_the_bursts_of_others(stage: Stage, deployment: Deployment) -> None:
    stage.table.acquire(lease_of(deployment, owner="somebody@else"))
    with pytest.raises(RefusedError) as caught:
        stage.session().down()
    assert caught.value.diagnostics[0].code == "TD609"


def test_down_all_ends_everybodys(stage: Stage, deployment: Deployment) -> None:
    stage.session().up()
    stage.table.acquire(lease_of(deployment, owner="somebody@else"))
    receipt = stage.session().down(everybody=True)
    assert receipt is not None
    assert stage.table.get("fit").count == 0


def test_down_without_a_lease_ends_capacity_that_nobody_holds(stage: Stage) -> None:
    stage.session().up()
    stage.table.stopped(replace(stage.table.get("fit")), START)
    stage.table.cloud.client("dynamodb").delete_item(TableName=stage.table.name, Key={"pk": {"S": "pool#fit"}})
    stage.session().down()
    assert stage.runner.instances == ()


def test_a_burst_that_joins_asks_for_the_brakes_as_well(stage: Stage, deployment: Deployment) -> None:
    shared(stage, deployment)
    stage.runner.missing = "it is not there"
    with pytest.raises(RefusedError) as refused:
        stage.session().run(Work(), print)
    assert (refused.value.diagnostics[0].code, "run" in stage.calls) == ("TD605", False)


def test_a_burst_whose_table_is_deleted_ends_and_is_told_neither_that_it_goes_on_nor_that_nothing_ran(
    stage: Stage,
) -> None:
    def work(_lease: Lease, _log: OnLog, halt: Halt) -> int:
        stage.table.cloud.client("dynamodb").delete_table(TableName=stage.table.name)
        stage.now += 60
        halt.check()
        return 0

    stage.runner.work = work
    with pytest.raises(NoTableError):
        stage.session().run(Work(), print)
    told = "\n".join(stage.said)
    assert (stage.runner.instances, "goes on" in told, "no instance" in told) == ((), False, False)


def test_down_without_a_table_ends_a_job_that_waits_for_machines(stage: Stage) -> None:
    stage.runner.others = (Job("job-1", "fit-gone", "RUNNABLE", "gone"),)
    stage.table.cloud.client("dynamodb").delete_table(TableName=stage.table.name)
    stage.session().down()
    assert "down" in stage.calls


def test_down_where_there_is_neither_a_table_nor_anything_to_end_says_so(stage: Stage) -> None:
    stage.table.cloud.client("dynamodb").delete_table(TableName=stage.table.name)
    with pytest.raises(NoTableError):
        stage.session().down()
    assert stage.calls == []


def test_without_its_brakes_no_capacity_is_started(stage: Stage) -> None:
    stage.runner.missing = "it is not there"
    with pytest.raises(RefusedError) as caught:
        stage.session().run(Work(), print)
    assert caught.value.diagnostics[0].code == "TD605"
    assert "up" not in stage.calls


def test_without_foundation_no_capacity_is_started(stage: Stage) -> None:
    stage.table.cloud.client("dynamodb").delete_table(TableName=stage.table.name)
    with pytest.raises(RefusedError):
        stage.session().run(Work(), print)
    assert stage.calls == []


def test_a_pool_of_its_own_stack_has_it_during_the_burst_only(stage: Stage) -> None:
    stage.removes = True
    stage.session().run(Work(), print)
    wanted = ["lock", "apply", "up", "unlock", "run", "down", "lock", "down", "destroy", "unlock"]
    assert stage.calls == wanted


def test_nothing_is_made_of_a_pool_while_a_brake_is_missing_that_needs_nothing_of_it(stage: Stage) -> None:
    stage.removes, stage.runner.missing = True, "nobody is there"
    with pytest.raises(RefusedError):
        stage.session().run(Work(), print)
    assert "apply" not in stage.calls


def test_a_brake_that_hangs_on_a_pools_definitions_is_asked_once_they_stand(stage: Stage) -> None:
    stage.removes = stage.runner.of_pool = True
    stage.runner.missing = "nobody is there"
    with pytest.raises(RefusedError):
        stage.session().run(Work(), print)
    assert stage.calls[:2] == ["lock", "apply"]
    assert "up" not in stage.calls


def test_a_removal_that_was_cut_short_is_done_again(stage: Stage) -> None:
    stage.removes = True
    stage.fail_destroy = [EngineError.of("TD404", "The engine could not do what was asked")]
    stage.session().run(Work(), print)
    assert stage.calls.count("destroy") == 2


def test_a_removal_that_fails_keeps_the_record_for_the_next_command(stage: Stage) -> None:
    stage.removes = True
    stage.fail_destroy = [EngineError.of("TD404", "The engine could not do what was asked")] * 3
    with pytest.raises(EngineError):
        stage.session().run(Work(), print)
    assert stage.table.get("fit").state is State.STOPPING


def test_capacity_that_stays_is_an_error_and_keeps_the_record(stage: Stage) -> None:
    stage.runner.stubborn = 1000
    with pytest.raises(LeftoversError):
        stage.session().run(Work(), print)
    assert stage.table.get("fit").state is State.STOPPING


def test_a_failure_and_its_failed_teardown_are_both_told(stage: Stage) -> None:
    def work(*_: object) -> int:
        raise CloudError.of("TD615", "The job is gone")

    stage.runner.work = work
    stage.runner.stubborn = 1000
    with pytest.raises(LeftoversError) as caught:
        stage.session().run(Work(), print)
    assert [d.code for d in caught.value.diagnostics] == ["TD615", "TD608"]


@pytest.mark.parametrize(("later", "words"), [(3600, "its lease of 1h is over"), (3600 * 40, "lease")])
def test_a_burst_stops_at_its_deadline(stage: Stage, later: float, words: str) -> None:
    def work(_lease: Lease, _log: OnLog, halt: Halt) -> int:
        stage.now = START + later
        halt.check()
        return 0

    stage.runner.work = work
    with pytest.raises(RefusedError) as caught:
        stage.session().run(Work(), print)
    assert words in caught.value.diagnostics[0].detail


@pytest.mark.parametrize("moment", ["waiting for the lock", "bringing capacity"])
def test_a_lease_that_another_command_ended_brings_no_work(stage: Stage, moment: str) -> None:
    def end_it() -> None:
        lease = stage.table.get("fit").leases[0]
        stage.table.stopped(stage.table.release(lease, START) or stage.table.get("fit"), START)

    if moment == "waiting for the lock":
        stage.on_lock = end_it
    else:
        stage.runner.on_up = end_it
    with pytest.raises(RefusedError) as caught:
        stage.session().run(Work(), print)
    assert caught.value.diagnostics[0].code == "TD614"
    assert "run" not in stage.calls


def test_capacity_that_came_after_its_lease_was_ended_goes_again(stage: Stage) -> None:
    def end_it() -> None:
        lease = stage.table.get("fit").leases[0]
        stage.table.stopped(stage.table.release(lease, START) or stage.table.get("fit"), START)

    stage.runner.on_up = end_it  # after the instance is there
    with pytest.raises(RefusedError):
        stage.session().run(Work(), print)
    assert stage.runner.instances == ()


def test_what_asks_for_machines_after_its_lease_was_ended_asks_no_longer(stage: Stage) -> None:
    def end_it() -> None:
        lease = stage.table.get("fit").leases[0]
        stage.table.stopped(stage.table.release(lease, START) or stage.table.get("fit"), START)
        stage.runner.instances, stage.runner.others = (), (Job("job-1", "fit-late", "RUNNABLE", "late"),)

    stage.runner.on_up = end_it
    with pytest.raises(RefusedError):
        stage.session().run(Work(), print)
    assert "down" in stage.calls


def test_a_job_whose_lease_was_ended_is_followed_no_longer(stage: Stage) -> None:
    def work(lease: Lease, _log: OnLog, halt: Halt) -> int:
        stage.table.release(lease, START)
        halt.check()
        return 0

    stage.runner.work = work
    with pytest.raises(RefusedError) as caught:
        stage.session().run(Work(), print)
    assert caught.value.diagnostics[0].code == "TD614"


def test_what_fails_because_of_a_signal_is_an_interruption(stage: Stage) -> None:
    def work(*_: object) -> int:
        signal.raise_signal(signal.SIGINT)  # a terminal's reaches the engine as well, and that fails
        raise EngineError.of("TD404", "The engine could not do what was asked")

    stage.runner.work = work
    with pytest.raises(InterruptedRunError):
        stage.session().run(Work(), print)


def test_who_waits_for_the_lock_can_be_interrupted(stage: Stage) -> None:
    stage.on_lock = lambda: signal.raise_signal(signal.SIGINT)
    with pytest.raises(InterruptedRunError):
        stage.session().run(Work(), print)
    assert (stage.table.get("fit").count, "up" in stage.calls) == (0, False)


def test_an_up_that_is_interrupted_at_the_last_moment_leaves_nothing(stage: Stage) -> None:
    stage.runner.on_up = lambda: signal.raise_signal(signal.SIGTERM)
    with pytest.raises(InterruptedRunError):
        stage.session().up()
    assert stage.runner.instances == ()


def test_a_lock_that_others_hold_keeps_no_capacity(stage: Stage) -> None:
    def refuse() -> None:
        raise LockedError.of("TD411", "Another run holds the lock")

    lease = stage.session().up()
    stage.on_lock = refuse
    with pytest.raises(LockedError):
        stage.teardown().give_back(lease)
    assert (stage.runner.instances, stage.table.get("fit").state) == ((), State.STOPPING)


def test_down_without_a_lease_leaves_what_somebody_just_took(stage: Stage, deployment: Deployment) -> None:
    stage.on_lock = lambda: stage.table.acquire(lease_of(deployment)) and None
    assert stage.session().down() is None
    assert "down" not in stage.calls


def test_a_burst_stops_at_its_spend_cap(stage: Stage) -> None:
    stage.pool = stage.pool.model_copy(update={"lease": stage.pool.lease.parse("300d")})

    def work(_lease: Lease, _log: OnLog, halt: Halt) -> int:
        stage.now = START + 40 * 3600  # one c5.large at 0.085 USD an hour: 3.40 USD of 3
        halt.check()
        return 0

    stage.runner.work = work
    with pytest.raises(RefusedError) as caught:
        stage.session().run(Work(), print)
    assert "spend cap of 3 USD" in caught.value.diagnostics[0].detail


def test_the_cost_counts_from_the_start_of_the_burst(stage: Stage) -> None:
    def work(*_: object) -> int:
        stage.now = START + 3600
        return 0

    stage.runner.work = work
    ended = stage.session().run(Work(), print)
    assert (ended.meter.instance_seconds, str(ended.meter.usd)) == (3600, "0.085")


def test_the_cost_is_in_the_pools_account_which_the_reaper_reads(stage: Stage) -> None:
    def work(*_: object) -> int:
        stage.now = START + 3600
        return 0

    stage.runner.work = work
    stage.session().run(Work(), print)
    account = stage.table.items.get("meter#fit")
    assert account is not None
    assert account["usd"] == pytest.approx(0.085)


def test_a_lock_that_cannot_be_written_stops_no_end(stage: Stage) -> None:
    def work(*_: object) -> int:
        stage.on_lock = full
        return 0

    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    stage.runner.work = work
    ended = stage.session().run(Work(), print)
    assert (ended.exit_code, stage.table.get("fit").state, len(stage.runner.instances)) == (0, State.IDLE, 0)
    assert any("the capacity goes without it" in line for line in stage.said)


def taken_over(stage: Stage, deployment: Deployment) -> None:
    """What happens while somebody is frozen in a teardown: the reaper finishes it, and another burst begins."""
    stage.on_lock, stage.runner.on_down = None, lambda: None
    item = stage.table.items.get("pool#fit")
    assert item is not None
    Pools(stage.table.items).stopped(item, stage.now, reaped=True)
    other = lease_of(deployment, id="other")
    stage.table.acquire(other)
    stage.table.up(other)
    stage.runner.stubborn = 1  # the step that slept has not ended anything


@pytest.mark.parametrize("removes", [False, True])
def test_a_teardown_that_was_frozen_takes_nothing_from_the_next_burst(
    stage: Stage, deployment: Deployment, removes: bool
) -> None:
    stage.removes = removes
    lease = stage.session().up()
    stage.runner.on_down = lambda: taken_over(stage, deployment)
    assert stage.teardown().give_back(lease) is None
    assert (stage.calls.count("down"), stage.calls.count("destroy")) == (1, 0)
    assert [held.id for held in stage.table.get("fit").leases] == ["other"]


def test_a_teardown_that_was_frozen_at_the_lock_removes_no_definitions_of_the_next_burst(
    stage: Stage, deployment: Deployment
) -> None:
    stage.removes = True
    lease = stage.session().up()
    stage.on_lock = lambda: taken_over(stage, deployment)
    assert stage.teardown().give_back(lease) is None
    assert (stage.calls.count("down"), stage.calls.count("destroy")) == (1, 0)


def test_a_teardown_goes_on_while_the_table_is_out_of_reach(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = stage.session().up()
    record = stage.table.release(lease, stage.now)
    assert record is not None

    def away(*_: object) -> None:
        raise CloudError.of("TD617", "The lease table could not be used")

    with monkeypatch.context() as patched:
        patched.setattr(LeaseTable, "get", away)
        stage.teardown().finish(record)
    assert stage.runner.instances == ()


def test_what_a_job_waits_for_is_told_once(stage: Stage) -> None:
    def work(_lease: Lease, _log: OnLog, halt: Halt) -> int:
        for _ in range(3):
            halt.check()
            stage.now += 20
        return 0

    stage.runner.work = work
    stage.runner.stuck_as = "the job waits: fit-spot is UPDATING"
    stage.session().run(Work(), print)
    assert stage.said.count("fit: the job waits: fit-spot is UPDATING.") == 1


@pytest.mark.parametrize(("status", "times"), [("RUNNABLE", 3), ("RUNNING", 1)])
def test_who_holds_a_pool_is_told_again_for_as_long_as_a_job_waits(
    stage: Stage, deployment: Deployment, status: str, times: int
) -> None:
    def work(lease: Lease, _log: OnLog, halt: Halt) -> int:
        stage.runner.others += (Job("2", "fit-second", status, lease.id),)
        for _ in range(45):  # 15 minutes
            halt.check()
            stage.now += 20
        return 0

    first = shared(stage, deployment)
    stage.runner.others = (Job("1", "fit-first", "RUNNING", first.id),)
    stage.runner.work = work
    stage.session().run(Work(), print)
    assert sum("is held by ann@here until" in line for line in stage.said) == times


@pytest.mark.parametrize("start", [lambda session: session.run(MANY, print), lambda session: session.detach(MANY)])
def test_a_job_of_more_machines_than_the_pool_has_is_refused_before_a_lease_is_taken(
    stage: Stage, start: Callable[[Session], object]
) -> None:
    with pytest.raises(RefusedError) as raised:
        start(stage.session())
    assert raised.value.diagnostics[0].code == "TD159"
    assert (stage.calls, stage.table.get("fit").count) == ([], 0)


def test_what_the_work_needs_beside_is_brought_before_it_runs(stage: Stage) -> None:
    runner = Widening(stage.calls)
    stage.runner = runner
    stage.session().run(Work(), print)
    assert stage.calls[:5] == ["lock", "up", "widen", "unlock", "run"]
