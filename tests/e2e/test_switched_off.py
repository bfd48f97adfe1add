"""What is switched off comes back by an apply, and is told until then; a destroy switches off nothing in vain."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.workspaces import Workspace, applied, hourly, until
from tideform.local.client import advance_clock

pytestmark = pytest.mark.e2e
HOUR = 3600

SPEC = """\
version: 1
project: paused
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {models: {kind: models}}
training:
  hourly:
    instance_types: [c5.large]
    schedule: EACH HOUR
    lease: 30m
    job: &job {image: trainer, command: ["true"]}
  desk: {instance_types: [c5.large], lease: 30m, job: *job}
"""
REAPER, STARTER = "paused-dev-reaper", "paused-dev-hourly-starter"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with applied(tmp_path_factory.mktemp("paused"), SPEC.replace("EACH HOUR", hourly(50))) as made:
        yield made


def is_off(project: Workspace, name: str) -> bool:
    """Whether the function may not run even once at a time."""
    found = project.cloud.client("lambda").get_function_concurrency(FunctionName=name)
    return bool(found.get("ReservedConcurrentExecutions") == 0)


def begun(project: Workspace) -> int:
    """How many jobs the schedule has begun."""
    batch = project.cloud.client("batch")
    states = ("SUBMITTED", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
    return sum(
        len(batch.list_jobs(jobQueue="paused-dev-hourly", jobStatus=state)["jobSummaryList"]) for state in states
    )


def test_a_destroy_that_data_refuses_switches_nothing_off(project: Workspace) -> None:
    s3 = project.cloud.client("s3")
    bucket = project.deployment.unique_name("models")
    put = s3.put_object(Bucket=bucket, Key="one", Body=b"1")
    refused = project.run("destroy", "--yes")
    s3.delete_object(Bucket=bucket, Key="one", VersionId=put["VersionId"])
    assert ("TD330" in refused.stderr, "Switched off" in refused.stderr) == (True, False), refused.stderr
    assert not is_off(project, STARTER)


def test_what_a_destroy_left_switched_off_is_told_until_an_apply_switches_it_on_again(project: Workspace) -> None:
    up = project.run("burst", "up", "desk")
    assert up.returncode == 0, up.stderr
    refused = project.run("destroy", "--yes")
    down = project.run("burst", "down", "desk")
    assert ("TD332" in refused.stderr, down.returncode) == (True, 0), refused.stderr + down.stderr
    assert is_off(project, STARTER)
    shown = project.run("status")
    assert STARTER in shown.stdout + shown.stderr
    planned = project.run("plan", "--json")
    changes = {one["address"]: one["change"]["actions"] for one in json.loads(planned.stdout)["resource_changes"]}
    assert [actions for address, actions in changes.items() if "lambda_function.hourly" in address] == [["update"]]
    done = project.run("apply", "--yes", "--no-refresh")
    assert (done.returncode, is_off(project, STARTER)) == (0, False), done.stderr
    assert "1 changed" in done.stdout
    before = begun(project)
    advance_clock(project.folder, HOUR)
    until(lambda: begun(project) > before, "the schedule begins a job")


@pytest.mark.parametrize("how", ["--refresh", "--no-refresh"])
def test_a_reaper_that_was_switched_off_is_switched_on_by_an_apply(project: Workspace, how: str) -> None:
    functions = project.cloud.client("lambda")
    functions.put_function_concurrency(FunctionName=REAPER, ReservedConcurrentExecutions=0)
    assert "TD625" in project.run("status").stderr
    done = project.run("apply", "--yes", how)
    assert (done.returncode, is_off(project, REAPER)) == (0, False), done.stderr
