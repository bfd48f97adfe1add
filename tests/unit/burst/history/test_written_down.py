"""A burst that is over, as `jobs` tells it: what was written down goes before what a backend remembers."""

from __future__ import annotations

import pytest

from tests.unit.burst.conftest import NOW
from tests.unit.burst.fakes import Stage
from tideform.burst.history import runs as module
from tideform.burst.history.runs import Run, runs
from tideform.burst.table import LeaseTable
from tideform.reaper.fates import Fate, Fates
from tideform.reaper.history.base import JobRecord, JobState
from tideform.spec.deployment import Deployment


def told(
    table: LeaseTable, deployment: Deployment, monkeypatch: pytest.MonkeyPatch, fate: Fate, *found: JobRecord
) -> Run:
    """A burst that has ended without a word, then the fate is written, and the backend remembers what was found."""
    monkeypatch.setattr(Fates, "keep", lambda *_: None)
    lease = Stage(table, deployment.spec.training["fit"]).session().up()
    Stage(table, deployment.spec.training["fit"]).session().down()
    monkeypatch.undo()
    Fates(table.items).keep("fit", lease.id, fate, NOW)
    jobs = [JobRecord(job.id, lease.id, job.part, job.state, job.created, exit_code=job.exit_code) for job in found]
    monkeypatch.setattr(module, "_remembered", lambda *_: jobs)
    return next(run for run in runs(table.cloud, deployment, "fit").runs if run.lease == lease.id)


def test_it_is_told_where_its_backend_has_forgotten_it(
    table: LeaseTable, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = told(table, deployment, monkeypatch, Fate(JobState.FAILED, 3, ids=("job-1",), began=NOW - 9, ended=NOW))
    assert (run.state, run.exit_code, run.ids, run.began, run.ended) == ("failed", 3, ("job-1",), NOW - 9, NOW)


def test_what_its_end_made_fail_was_stopped(
    table: LeaseTable, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = JobRecord("job-1", "", "job", JobState.FAILED, created=NOW, exit_code=137)
    run = told(table, deployment, monkeypatch, Fate(JobState.STOPPED, why="its lease has run out"), failed)
    assert (run.state, run.exit_code, run.why) == ("stopped", None, "its lease has run out")


def test_what_nobody_could_learn_is_told_by_a_backend_that_remembers(
    table: LeaseTable, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = JobRecord("job-1", "", "job", JobState.FAILED, created=NOW, exit_code=3)
    run = told(table, deployment, monkeypatch, Fate(JobState.UNKNOWN, why="refused", ids=("job-1",)), failed)
    assert (run.state, run.exit_code, run.why) == ("failed", 3, "")


def test_what_nobody_could_learn_says_why(
    table: LeaseTable, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = told(table, deployment, monkeypatch, Fate(JobState.UNKNOWN, why="refused", ids=("job-1",)))
    assert (run.state, run.exit_code, run.why) == ("unknown", None, "refused")


def test_what_succeeded_although_it_was_to_be_stopped_has_succeeded(
    table: LeaseTable, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = JobRecord("job-1", "", "job", JobState.SUCCEEDED, created=NOW)
    run = told(table, deployment, monkeypatch, Fate(JobState.STOPPED, why="it was cancelled by ann"), done)
    assert (run.state, run.exit_code, run.why) == ("succeeded", 0, "")
