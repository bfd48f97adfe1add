"""What crashed bursts left is ended by the next command, and what lives is left alone."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from tests.unit.burst.conftest import NOW, lease_of
from tests.unit.burst.fakes import Stage
from tideform.burst.clearance import Patience
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease, Mode
from tideform.burst.reconcile import end_unrecorded, live_leases, reconcile
from tideform.burst.runner import Job
from tideform.burst.table import LeaseTable
from tideform.burst.teardown import Teardown
from tideform.cloud import Cloud
from tideform.errors import LeftoversError
from tideform.process import Process
from tideform.reaper.pools import Pools
from tideform.spec.deployment import Deployment


@pytest.fixture
def stage(table: LeaseTable, deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Stage:
    made = Stage(table, deployment.spec.training["fit"], now=NOW)
    monkeypatch.setattr(Teardown, "of", lambda *_: made.teardown())
    return made


def at(stage: Stage, now: float) -> Cloud:
    """The stage's cloud at some time."""
    return replace(stage.table.cloud, clock=lambda: now)


@pytest.fixture
def dead() -> Process:
    current = Process.current()
    return replace(current, started=current.started + 1)


def test_nothing_is_done_where_foundation_is_not_applied(cloud: Cloud, deployment: Deployment) -> None:
    assert reconcile(cloud, deployment) == []


def test_a_live_burst_is_left_alone(stage: Stage, lease: Lease, deployment: Deployment) -> None:
    stage.table.acquire(lease)
    assert reconcile(at(stage, NOW), deployment) == []


def test_definitions_of_a_pool_that_the_reaper_ended_are_removed(
    stage: Stage, lease: Lease, deployment: Deployment
) -> None:
    stage.removes = True
    stage.table.acquire(lease)
    pools = Pools(stage.table.items)
    stopping = pools.begin_stop("pool#fit", 1, {**lease.process.as_record(), "host": "reaper"}, NOW)
    assert stopping is not None
    pools.stopped(stopping, NOW, reaped=True)
    first = reconcile(at(stage, NOW), deployment)
    assert "destroy" in stage.calls
    assert "the reaper had ended" in first[0]
    assert reconcile(at(stage, NOW), deployment) == []


def test_a_burst_whose_process_died_is_ended(stage: Stage, lease: Lease, deployment: Deployment, dead: Process) -> None:
    stage.table.acquire(replace(lease, process=dead))
    done = reconcile(at(stage, NOW), deployment)
    assert "is gone" in done[0]
    assert "down" in stage.calls


def test_a_burst_past_its_deadline_is_ended(stage: Stage, deployment: Deployment) -> None:
    stage.table.acquire(lease_of(deployment, Mode.UP, detached=True))
    reconcile(at(stage, NOW + 3600), deployment)
    assert live_leases(stage.table.cloud, deployment) == []


def test_a_dead_burst_beside_a_live_one_takes_no_capacity_with_it(
    stage: Stage, lease: Lease, deployment: Deployment, dead: Process
) -> None:
    stage.table.acquire(lease)
    stage.table.acquire(lease_of(deployment, process=dead))
    reconcile(at(stage, NOW), deployment)
    assert stage.calls == ["end jobs"]


def test_a_teardown_in_progress_is_left_alone(stage: Stage, lease: Lease, deployment: Deployment) -> None:
    stage.table.acquire(lease)
    stage.table.release(lease, NOW)
    assert reconcile(at(stage, NOW + 60), deployment) == []


def test_a_teardown_that_died_is_finished(
    stage: Stage, lease: Lease, deployment: Deployment, dead: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.table.acquire(lease)
    with monkeypatch.context() as patch:
        patch.setattr(Process, "current", lambda: dead)
        stage.table.release(lease, NOW)
    done = reconcile(at(stage, NOW), deployment)
    assert "cut short" in done[0]
    assert stage.table.get("fit").leases == ()


def test_a_signal_cuts_no_teardown_short_and_counts_afterwards(
    stage: Stage, lease: Lease, deployment: Deployment, dead: Process
) -> None:
    stage.table.acquire(replace(lease, process=dead))
    stage.runner.on_down = lambda: signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        reconcile(at(stage, NOW), deployment)
    assert stage.table.get("fit").leases == ()


def test_a_teardown_that_is_silent_for_long_is_finished(stage: Stage, lease: Lease, deployment: Deployment) -> None:
    stage.table.acquire(lease)
    stage.table.release(lease, NOW)
    assert len(reconcile(at(stage, NOW + 1801), deployment)) == 1


def test_live_leases_are_listed_oldest_first(table: LeaseTable, lease: Lease, deployment: Deployment) -> None:
    older = lease_of(deployment, created=lease.created - 60)
    table.acquire(lease)
    table.acquire(older)
    assert [found.id for found in live_leases(table.cloud, deployment)] == [older.id, lease.id]


def left_by_a_crash(stage: Stage, lease: Lease, dead: Process) -> None:
    """A burst whose process died, and whose capacity does not go."""
    stage.table.acquire(replace(lease, process=dead))
    stage.runner.up(lease, Halt())
    stage.runner.stubborn = 1_000_000


def test_a_leftover_of_another_pool_is_told_and_hinders_nobody(
    stage: Stage, lease: Lease, deployment: Deployment, dead: Process
) -> None:
    left_by_a_crash(stage, lease, dead)
    assert reconcile(at(stage, NOW), deployment, say=stage.said.append, own="other") == []
    assert "fit is left to the reaper: Something is left" in stage.said[-1]


@pytest.mark.parametrize("own", ["fit", None])
def test_a_leftover_of_the_pool_that_the_command_is_about_stops_it(
    stage: Stage, lease: Lease, deployment: Deployment, dead: Process, own: str | None
) -> None:
    left_by_a_crash(stage, lease, dead)
    with pytest.raises(LeftoversError):
        reconcile(at(stage, NOW), deployment, own=own)


def test_nobody_waits_long_for_what_is_left_of_another_pool(stage: Stage) -> None:
    patient = replace(stage.teardown(), patience=Patience(limit=900.0))
    assert patient.hurried().patience.limit == 10.0


def test_what_waits_for_machines_is_ended_where_the_table_is_gone_and_its_definitions_stay(
    stage: Stage, deployment: Deployment
) -> None:
    stage.removes, stage.runner.others = True, (Job("job-1", "fit-gone", "RUNNABLE", "gone"),)
    stage.table.cloud.client("dynamodb").delete_table(TableName=stage.table.name)
    assert end_unrecorded(stage.table.cloud, deployment, ["fit"])
    assert ("down" in stage.calls, "destroy" in stage.calls) == (True, False)


def test_what_waits_for_machines_is_left_to_its_lease_where_there_is_a_table(
    stage: Stage, lease: Lease, deployment: Deployment
) -> None:
    stage.table.acquire(lease)
    stage.runner.others = (Job("job-1", "fit-held", "RUNNABLE", lease.id),)
    assert (end_unrecorded(stage.table.cloud, deployment, ["fit"]), stage.calls) == ([], [])


def test_nothing_is_ended_where_there_is_neither_a_table_nor_capacity(stage: Stage, deployment: Deployment) -> None:
    stage.table.cloud.client("dynamodb").delete_table(TableName=stage.table.name)
    assert (end_unrecorded(stage.table.cloud, deployment, ["fit"]), stage.calls) == ([], [])
