"""When a burst's job began and ended, where its backend tells of it only in part."""

from __future__ import annotations

import pytest

from tests.unit.burst.conftest import NOW
from tests.unit.burst.fakes import Stage
from tideform.burst.history import runs as module
from tideform.burst.history.runs import runs
from tideform.burst.runner import Work
from tideform.burst.table import LeaseTable
from tideform.reaper.history.base import JobRecord, JobState
from tideform.spec.deployment import Deployment


@pytest.mark.parametrize(
    ("state", "began"), [(JobState.SUCCEEDED, NOW), (JobState.RUNNING, NOW), (JobState.WAITING, None)]
)
def test_what_has_run_without_a_beginning_of_its_own_began_with_its_lease(
    state: JobState,
    began: float | None,
    table: LeaseTable,
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lease = Stage(table, deployment.spec.training["fit"]).session().detach(Work())
    sweep = JobRecord("array", lease.id, "array", state, created=NOW)
    monkeypatch.setattr(module, "_remembered", lambda *_: [sweep])
    (found,) = runs(table.cloud, deployment, "fit").runs
    assert found.began == began
