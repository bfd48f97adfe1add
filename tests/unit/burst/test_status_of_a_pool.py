"""What a pool is doing is told as far as services answer: a refusal of one hides no lease."""

from __future__ import annotations

import pytest

from tideform.burst.lease import Lease
from tideform.burst.runner import Instance, Job
from tideform.burst.status import pool_status
from tideform.burst.table import LeaseTable
from tideform.burst.watching import look
from tideform.cloud import Cloud
from tideform.errors import CloudError
from tideform.spec.deployment import Deployment
from tideform.unasked import Unasked
from tideform.views.burst import status_json, status_lines


@pytest.fixture
def held(table: LeaseTable, lease: Lease) -> Lease:
    table.acquire(lease)
    return lease


def test_machines_that_cannot_be_counted_leave_the_leases_and_no_cost(
    cloud: Cloud, deployment: Deployment, held: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.burst.status.account_now", lambda *_: _refused())
    found = pool_status(cloud, deployment, "fit", cloud.clock())
    text = "\n".join(line.text for line in status_lines("fit", found))
    assert held.id in text
    assert "cost: could not be asked: no right to look" in text
    assert status_json("fit", found)["usd"] is None


def test_reservations_that_cannot_be_looked_at_leave_the_leases(
    cloud: Cloud, deployment: Deployment, held: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tideform.burst.status.idle_reservations", lambda *_: _refused())
    found = pool_status(cloud, deployment, "fit", cloud.clock())
    assert ([one.id for one in found.record.leases], found.idle) == ([held.id], ())
    assert found.unasked == (Unasked("idle reservations", "no right to look"),)


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> None:
    """EC2 and Batch tell nothing."""
    monkeypatch.setattr("tideform.backends.training.batch.runner.BatchRunner.capacity", lambda _: _refused())
    monkeypatch.setattr("tideform.burst.status._by_tag", lambda *_: _refused())
    monkeypatch.setattr("tideform.backends.training.batch.runner.BatchRunner.jobs", lambda _: _refused())


@pytest.mark.usefixtures("refusing")
def test_machines_and_jobs_that_could_not_be_asked_for_are_not_called_none(
    cloud: Cloud, deployment: Deployment, table: LeaseTable
) -> None:
    told = status_json("fit", pool_status(cloud, deployment, "fit", cloud.clock()))
    assert (told["instances"], told["jobs"]) == (None, None)
    assert told["unasked"] == [{"what": part, "why": "no right to look"} for part in ("machines", "jobs")]


def test_jobs_are_told_where_machines_alone_could_not_be_asked_for(
    cloud: Cloud, deployment: Deployment, table: LeaseTable, refusing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tideform.backends.training.batch.runner.BatchRunner.jobs", lambda _: (Job("j1", "fit-l1", "RUNNING", "l1"),)
    )
    told = status_json("fit", pool_status(cloud, deployment, "fit", cloud.clock()))
    assert [one["id"] for one in told["jobs"]] == ["j1"]


@pytest.mark.usefixtures("refusing", "table")
def test_an_idle_record_ends_no_watch_while_nobody_could_say_what_runs(cloud: Cloud, deployment: Deployment) -> None:
    assert not look(cloud, deployment, "fit", cloud.clock()).over


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that the backend tells of."""
    machine = Instance("i-1", "c5.large", "running", spot=False, launched=0.0)
    monkeypatch.setattr("tideform.backends.training.batch.runner.BatchRunner.capacity", lambda _: (machine,))


@pytest.mark.usefixtures("running", "table")
def test_a_table_that_refuses_hides_no_machine_and_calls_none_unheld(
    cloud: Cloud, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LeaseTable, "get", lambda *_: _refused())
    found = pool_status(cloud, deployment, "fit", cloud.clock())
    told = status_json("fit", found)
    assert ([one["id"] for one in told["instances"]], told["state"], told["leases"]) == (["i-1"], None, None)
    assert {"what": "leases", "why": "no right to look"} in told["unasked"]
    assert not found.unheld


@pytest.mark.usefixtures("running")
def test_a_record_that_cannot_be_read_hides_no_machine_and_is_told_apart(
    cloud: Cloud, deployment: Deployment, table: LeaseTable
) -> None:
    table.items.write({"pk": "pool#fit", "leases": 3})
    told = status_json("fit", pool_status(cloud, deployment, "fit", cloud.clock()))
    assert [one["id"] for one in told["instances"]] == ["i-1"]
    assert ([one["what"] for one in told["unreadable"]], "leases" in str(told["unasked"])) == (["leases"], False)


def test_a_watch_goes_on_while_nobody_could_say_who_holds_the_pool(
    cloud: Cloud, deployment: Deployment, table: LeaseTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LeaseTable, "get", lambda *_: _refused())
    assert not look(cloud, deployment, "fit", cloud.clock()).over


def _refused() -> None:
    raise CloudError.of("TD611", "A cloud service refused", detail="no right to look", fix="Ask.")
