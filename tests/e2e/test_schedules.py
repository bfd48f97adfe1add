"""A pool on a schedule: its job runs while no command line does, and nothing stays after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.workspaces import Workspace, applied, hourly, until
from tideform.burst.lease import State
from tideform.burst.table import LeaseTable
from tideform.local.client import advance_clock

pytestmark = pytest.mark.e2e
HOUR = 3600

SPEC = """\
version: 1
project: clockwork
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
training:
  hourly:
    instance_types: [c5.large]
    schedule: EACH HOUR
    lease: 30m
    job: {image: trainer, command: [sh, -c, 'echo "held by $TIDEFORM_LEASE"']}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with applied(tmp_path_factory.mktemp("clockwork"), SPEC.replace("EACH HOUR", hourly(30))) as made:
        yield made


def jobs(project: Workspace, status: str) -> list[dict[str, Any]]:
    batch = project.cloud.client("batch")
    return list(batch.list_jobs(jobQueue="clockwork-dev-hourly", jobStatus=status)["jobSummaryList"])


def test_the_job_runs_by_itself_and_everything_goes_again(project: Workspace) -> None:
    table = LeaseTable.of(project.cloud, project.deployment)
    assert table.get("hourly").leases == ()
    advance_clock(project.folder, HOUR)
    until(lambda: jobs(project, "SUCCEEDED"), "the job to succeed")
    (job,) = project.cloud.client("batch").describe_jobs(jobs=[jobs(project, "SUCCEEDED")[0]["jobId"]])["jobs"]
    assert job["tags"]["tideform:lease"] == job["jobName"].removeprefix("hourly-")
    advance_clock(project.folder, HOUR / 12)
    until(lambda: table.get("hourly").state is State.IDLE, "the reaper to give the lease back")
    assert table.get("hourly").leases == ()
    assert project.instances() == []


def test_the_next_hour_brings_the_next_job(project: Workspace) -> None:
    before = len(jobs(project, "SUCCEEDED"))
    advance_clock(project.folder, HOUR)
    until(lambda: len(jobs(project, "SUCCEEDED")) > before, "another job")


def test_a_plan_finds_nothing_to_change_after_it(project: Workspace) -> None:
    planned = project.run("plan", "--detailed-exitcode")
    assert planned.returncode == 0, planned.stdout
