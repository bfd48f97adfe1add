"""What the lease table knows of a pool's jobs is told, and can be ended, where a service does not answer."""

from __future__ import annotations

import pytest

from tests.unit.burst.conftest import NOW
from tests.unit.burst.fakes import Stage
from tideform.burst.cancelling import chosen, ends_its_lease, to_be_ended, unfinished
from tideform.burst.history import runs as module
from tideform.burst.history.runs import Run, runs
from tideform.burst.lease import Lease
from tideform.burst.runner import Work
from tideform.burst.table import LeaseTable
from tideform.errors import CloudError
from tideform.reaper.fates import Fate, Fates
from tideform.reaper.history.base import JobRecord, JobState
from tideform.spec.deployment import Deployment

AWAY = CloudError.of("TD611", "A cloud service refused", detail="it is away")


@pytest.fixture
def stage(table: LeaseTable, deployment: Deployment) -> Stage:
    return Stage(table, deployment.spec.training["fit"])


def refuses(*_: object) -> list[JobRecord]:
    raise AWAY


@pytest.fixture
def jobs_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_remembered", refuses)


@pytest.fixture
def left_alone(stage: Stage) -> Lease:
    """A job that goes on by itself."""
    return stage.session().detach(Work())


def told(table: LeaseTable, deployment: Deployment) -> Run:
    (run,) = runs(table.cloud, deployment, "fit").runs
    return run


@pytest.mark.usefixtures("jobs_away")
def test_a_job_that_nobody_could_be_asked_for_is_told_as_its_lease_knows_it(
    left_alone: Lease, table: LeaseTable, deployment: Deployment
) -> None:
    run = told(table, deployment)
    assert (run.name, run.mode, run.held, run.owner) == (left_alone.job_name, "job", True, left_alone.owner)
    assert (run.state, run.why, run.exit_code) == ("unknown", "it could not be asked for: it is away", None)


@pytest.mark.usefixtures("jobs_away", "left_alone")
def test_that_it_could_not_be_asked_for_is_told(table: LeaseTable, deployment: Deployment) -> None:
    gaps = runs(table.cloud, deployment, "fit").gaps
    assert ([one.what for one in gaps.unasked], gaps.problems) == (["jobs of fit"], AWAY.diagnostics)


@pytest.mark.usefixtures("jobs_away")
def test_it_can_be_found_and_ended(left_alone: Lease, table: LeaseTable, deployment: Deployment) -> None:
    run = chosen(runs(table.cloud, deployment, "fit").runs, left_alone.job_name)
    assert (unfinished(run), ends_its_lease(run), to_be_ended(run)) == (True, True, True)


@pytest.mark.usefixtures("jobs_away")
def test_it_is_found_by_the_id_that_its_lease_has_of_it(
    left_alone: Lease, table: LeaseTable, deployment: Deployment
) -> None:
    assert told(table, deployment).ids == (left_alone.job,)


@pytest.mark.usefixtures("jobs_away")
def test_what_was_written_down_of_one_that_is_over_is_told(
    left_alone: Lease, stage: Stage, table: LeaseTable, deployment: Deployment
) -> None:
    Fates(table.items).keep("fit", left_alone.id, Fate(JobState.FAILED, 3, ids=("job-1",)), NOW)
    stage.session().down()
    run = told(table, deployment)
    assert (run.state, run.exit_code, run.ids, run.why, run.held) == ("failed", 3, ("job-1",), "", False)


@pytest.mark.usefixtures("jobs_away")
def test_where_the_table_knows_of_none_the_refusal_is_raised(
    stage: Stage, table: LeaseTable, deployment: Deployment
) -> None:
    with pytest.raises(CloudError) as caught:
        runs(table.cloud, deployment, "fit")
    assert caught.value.diagnostics == AWAY.diagnostics


def test_what_cannot_be_counted_costs_nobody_knows_how_much_and_is_told_all_the_same(
    left_alone: Lease, table: LeaseTable, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_remembered", lambda *_: [JobRecord("j", left_alone.id, "j", JobState.RUNNING, NOW)])
    monkeypatch.setattr(module, "account_now", refuses)
    seen = runs(table.cloud, deployment, "fit")
    (run,) = seen.runs
    assert (run.state, run.owner, run.usd) == ("running", left_alone.owner, None)
    assert [one.what for one in seen.gaps.unasked] == ["cost of fit"]
