"""A pool with a trigger: an object that arrives starts its job while no command line runs, and nothing stays of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.workspaces import Workspace, applied, until
from tideform.burst.lease import State
from tideform.burst.table import LeaseTable
from tideform.local.client import advance_clock

pytestmark = pytest.mark.e2e
MINUTE = 60

SPEC = """\
version: 1
project: arrivals
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage:
  raw: {kind: scratch}
training:
  prepare:
    instance_types: [c5.large]
    trigger: {store: raw, prefix: new/}
    lease: 30m
    checkpoint: {every: 1m}
    job: {image: trainer, code: src, command: [python3, prepare.py], inputs: [raw]}
"""
PREPARE = """\
import os, pathlib
pathlib.Path(os.environ["TIDEFORM_CHECKPOINT_DIR"], "done").write_text(os.environ["TIDEFORM_INPUT_RAW"])
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("arrivals")
    (folder / "src").mkdir()
    (folder / "src" / "prepare.py").write_text(PREPARE, encoding="utf-8")
    with applied(folder, SPEC) as made:
        yield made


def put(project: Workspace, key: str) -> None:
    bucket = project.deployment.unique_name("raw")
    project.cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=b"data")


def jobs(project: Workspace) -> list[dict[str, Any]]:
    """Every job that the pool's queue has seen, whatever became of it."""
    batch, found = project.cloud.client("batch"), list[dict[str, Any]]()
    for status in ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"):
        found += batch.list_jobs(jobQueue="arrivals-dev-prepare", jobStatus=status)["jobSummaryList"]
    return found


def given_back(project: Workspace) -> bool:
    record = LeaseTable.of(project.cloud, project.deployment).get("prepare")
    return record.state is State.IDLE and record.leases == ()


def test_an_object_starts_the_job_by_itself_and_everything_goes_again(project: Workspace) -> None:
    put(project, "old/one")
    put(project, "new/one")
    until(lambda: [job["status"] for job in jobs(project)] == ["SUCCEEDED"], "one job to succeed")
    advance_clock(project.folder, 5 * MINUTE)
    until(lambda: given_back(project), "the reaper to give the lease back")
    assert project.instances() == []


def test_it_ran_the_code_that_was_applied_and_kept_its_checkpoints(project: Workspace) -> None:
    bucket = project.deployment.unique_name("tideform-bursts")
    found = project.cloud.client("s3").list_objects_v2(Bucket=bucket, Prefix="checkpoints/prepare/")["Contents"]
    assert any("/done" in one["Key"] for one in found)


def test_a_storm_of_objects_is_one_burst(project: Workspace) -> None:
    before = len(jobs(project))
    for number in range(20):
        put(project, f"new/storm-{number}")
    until(lambda: len(jobs(project)) > before, "a job")
    advance_clock(project.folder, 5 * MINUTE)
    until(lambda: given_back(project), "the reaper to give the lease back")
    assert len(jobs(project)) == before + 1


def test_a_plan_finds_nothing_to_change_after_it(project: Workspace) -> None:
    planned = project.run("plan", "--detailed-exitcode")
    assert planned.returncode == 0, planned.stdout
