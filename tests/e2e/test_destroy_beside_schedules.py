"""A destroy while schedules fire each minute, killed half-way again and again: at the end nothing is left."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.workspaces import Workspace, opened, until
from tests.faults.account import everything
from tideform.burst.table import LeaseTable
from tideform.local.client import advance_clock

pytestmark = pytest.mark.e2e
MINUTE = 60.0
DESTROY = ("destroy", "--yes", "--delete-data", "models")
ACCOUNTS_OWN = Counter(["logs logGroups /aws/sagemaker/TrainingJobs"])  # SageMaker's, for all jobs of an account
ATTEMPTS = 4  # of a destroy, each once the leases that refused the one before it are over

SPEC = """\
version: 1
project: firing
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {models: {kind: models}}
training:
  queued:
    instance_types: [c5.large]
    schedule: cron(* * * * ? *)
    lease: 30m
    job: &job {image: trainer, command: ["true"], outputs: [models]}
  worked: {backend: ec2, instance_types: [c5.large], schedule: cron(* * * * ? *), lease: 30m, job: *job}
  trained: {backend: sagemaker, instance_types: [ml.m5.large], schedule: cron(* * * * ? *), lease: 30m, job: *job}
"""
# Each is further on than the one before it.
MOMENTS = (
    "after call lambda.PutFunctionConcurrency",
    "before tideform.operations.teardown:remove",
    "after event#60",
    "before tideform.operations.teardown:_require_nothing_held",
)


@contextmanager
def minutes_passing(project: Workspace) -> Iterator[None]:
    """The sandbox's clock goes on by a minute again and again: schedules fire, and the reaper has its rounds."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(1.0):
            advance_clock(project.folder, MINUTE)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def has_begun(project: Workspace) -> bool:
    """Whether a schedule of each pool has ever begun a burst."""
    table = LeaseTable.of(project.cloud, project.deployment)
    items = [table.items.get(f"pool#{table.identity(pool)}") for pool in project.deployment.spec.training]
    return all(item is not None and item.get("begun") for item in items)


def nothing_held(project: Workspace) -> bool:
    """Whether no lease lives: a job ended its own, or the reaper did."""
    return not any(record.leases for record in LeaseTable.of(project.cloud, project.deployment).all())


def brakes_stand(project: Workspace) -> bool:
    """Whether the reaper is called, and has its table."""
    name, cloud = f"{project.deployment.name}-reaper", project.cloud
    schedule = cloud.client("scheduler").get_schedule(Name=name)
    tables = cloud.client("dynamodb").list_tables()["TableNames"]
    return schedule["State"] == "ENABLED" and project.deployment.physical_name("leases") in tables


def destroy_killed(project: Workspace, moment: str) -> None:
    """A destroy that dies at the moment, or is refused before it by a lease."""
    for _ in range(ATTEMPTS):
        running = project.start_by("tests.faults.killed_at", moment, *DESTROY)
        if (code := running.ended()) < 0:
            return
        assert "TD332" in running.stderr, (moment, code, running.stderr)
        until(lambda: nothing_held(project), "the bursts that had begun are over")
    raise AssertionError(f"never killed {moment}: {running.stderr}")


def test_nothing_is_left_and_the_brakes_stand_until_the_last_step(tmp_path: Path) -> None:
    with opened(tmp_path, SPEC) as project:
        before = everything(project.cloud)
        done = project.run("apply", "--yes")
        assert done.returncode == 0, done.stderr
        with minutes_passing(project):
            until(lambda: has_begun(project), "each schedule has begun a burst")
            for moment in MOMENTS:
                destroy_killed(project, moment)
                assert brakes_stand(project), moment
            for _ in range(ATTEMPTS):
                last = project.run(*DESTROY)
                if last.returncode == 0:
                    break
                assert "TD332" in last.stderr, last.stderr
                until(lambda: nothing_held(project), "the bursts that had begun are over")
            assert last.returncode == 0, last.stderr
        assert everything(project.cloud) - before - ACCOUNTS_OWN == Counter()
        assert project.instances() == []
