"""What stands of a pool is changed by an apply alone: a spec that was edited since ends none of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import workspaces
from tests.e2e.workspaces import Workspace

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
project: edited
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
training:
  steady: {instance_types: [c5.large], lease: 30m, between_bursts: keep, job: &job {image: trainer, command: ["true"]}}
  brief: {instance_types: [c5.large], lease: 30m, between_bursts: remove, job: *job}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with workspaces.applied(tmp_path_factory.mktemp("edited"), SPEC) as made:
        yield made


def queues(project: Workspace) -> list[str]:
    return [one["jobQueueName"] for one in project.cloud.client("batch").describe_job_queues()["jobQueues"]]


def turned_round(spec: Path) -> None:
    """Each of the pools as the other one was."""
    words = spec.read_text().replace("keep", "other").replace("remove", "keep").replace("other", "remove")
    spec.write_text(words)


@pytest.mark.parametrize("pool", ["steady", "brief"])
def test_a_burst_that_is_up_ends_as_it_began_and_the_next_is_refused(project: Workspace, pool: str) -> None:
    up = project.run("burst", "up", pool)
    assert up.returncode == 0, up.stderr
    turned_round(project.spec)
    try:
        refused = project.run("burst", "run", pool)
        applied = project.run("apply", "--yes")
        down = project.run("burst", "down", pool)
    finally:
        turned_round(project.spec)
    assert ("TD603" in refused.stderr, "TD627" in applied.stderr) == (True, True), refused.stderr + applied.stderr
    assert down.returncode == 0, down.stderr
    assert len(queues(project)) == 1  # of the one that stays


def test_an_apply_takes_away_what_no_longer_stands_between_bursts(project: Workspace) -> None:
    before = queues(project)
    turned_round(project.spec)
    applied = project.run("apply", "--yes")
    assert (applied.returncode, "or between bursts, and planned for removal" in applied.stdout) == (0, True), applied
    after = queues(project)
    assert (len(before), len(after), before != after) == (1, 1, True)
    ran = project.run("burst", "run", "steady")
    assert ran.returncode == 0, ran.stderr
    assert queues(project) == after


def test_an_edit_of_other_pools_that_is_not_applied_breaks_no_brake(project: Workspace) -> None:
    before = project.spec.read_text()
    extra = "  extra: {backend: ec2, instance_types: [c5.large], lease: 30m, job: *job}\n"
    applied = project.run("apply", "--yes")
    assert applied.returncode == 0, applied.stderr
    project.spec.write_text(before + extra)
    try:
        planned = project.run("plan")
        of_others = project.run("burst", "run", "steady")
        of_itself = project.run("burst", "run", "extra")
    finally:
        project.spec.write_text(before)
    assert (planned.returncode, "TD625" in planned.stdout + planned.stderr) == (0, False), planned
    assert of_others.returncode == 0, of_others.stderr
    assert ("TD603" in of_itself.stderr, "TD605" in of_itself.stderr) == (True, False), of_itself.stderr
