"""`burst run --detach`: the job goes on without its command, is listed, followed and cancelled, and takes its capacity
along when it is over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.workspaces import Workspace, applied, until
from tideform.burst.lease import State
from tideform.burst.table import LeaseTable
from tideform.local.client import advance_clock
from tideform.reaper.endings import ending
from tideform.registry.training import backends

pytestmark = pytest.mark.e2e
POOLS = ("queued", "worked", "trained")
ROUND = 360  # seconds: the reaper comes every five minutes

SPEC = """\
version: 1
project: away
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {models: {kind: models}}
training:
  queued: {instance_types: [c5.large], lease: 30m, job: {image: trainer, command: ["true"]}}
  worked: {backend: ec2, instance_types: [c5.large], lease: 30m, job: {image: trainer, command: ["true"]}}
  trained:
    backend: sagemaker
    instance_types: [ml.m5.large]
    lease: 1h
    job: {image: trainer, command: ["true"], outputs: [models]}
  swept:
    instance_types: [c5.large]
    nodes: 1..2
    lease: 30m
    job:
      image: trainer
      command: [sh, -c, 'echo rate $RATE; exit $RATE']
      sweep: {grid: {RATE: [0, 4]}, at_once: 2}
"""
FAILS = ("sh", "-c", "echo begun; echo done; exit 7")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with applied(tmp_path_factory.mktemp("away"), SPEC) as made:
        yield made


def detach(project: Workspace, pool: str, *command: str) -> dict[str, Any]:
    done = project.run("burst", "run", pool, "--detach", "--json", *(("--", *command) if command else ()))
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def listed(project: Workspace, name: str) -> dict[str, Any]:
    told = json.loads(project.run("jobs", "-o", "json").stdout)["jobs"]
    found: dict[str, Any] = next(job for job in told if job["name"] == name)
    return found


def idle(project: Workspace, pool: str) -> bool:
    return LeaseTable.of(project.cloud, project.deployment).get(pool).state is State.IDLE


def standing(project: Workspace, pool: str) -> list[str]:
    backend = project.deployment.spec.training[pool].backend
    nodes = ending(backend).nodes(project.cloud, backends()[backend].handle(project.deployment, pool))
    return [node.id for node in nodes if node.ended is None and node.state != "terminated"]


@pytest.mark.parametrize("pool", POOLS)
def test_the_job_ends_with_its_code_and_the_reaper_takes_its_capacity_away(project: Workspace, pool: str) -> None:
    name = detach(project, pool, *FAILS)["job"]
    until(lambda: listed(project, name)["state"] == "failed", "the job to fail")
    assert project.run("logs", name).stdout == "begun\ndone\n"
    advance_clock(project.folder, ROUND)
    until(lambda: idle(project, pool), "the reaper to give the lease back")
    assert standing(project, pool) == []
    told = listed(project, name)
    assert (told["exit_code"], told["mode"], told["usd"] is None) == (7, "job", False), told


@pytest.mark.parametrize("pool", POOLS)
def test_a_job_that_runs_is_followed_and_cancelled_with_its_capacity(project: Workspace, pool: str) -> None:
    name = detach(project, pool, "sh", "-c", "echo begun; sleep 600")["job"]
    follower = project.start("logs", name, "--follow")
    follower.says("begun\n")
    refused = project.run("jobs", "cancel", name)
    assert "TD352" in refused.stderr
    cancelled = project.run("jobs", "cancel", name, "--yes")
    assert cancelled.returncode == 0, cancelled.stderr
    assert follower.ended() == 0, follower.stderr
    assert (listed(project, name)["state"], idle(project, pool), standing(project, pool)) == ("stopped", True, [])
    again = project.run("jobs", "cancel", name, "--yes")
    assert (again.returncode, "is over already" in again.stderr) == (0, True), again.stderr


def test_the_log_of_a_job_whose_pool_the_spec_names_no_more_is_found_by_its_name(project: Workspace) -> None:
    name = detach(project, "worked", "echo", "still here")["job"]
    until(lambda: listed(project, name)["state"] == "succeeded", "the job to end")
    spec = project.spec.read_text()
    project.spec.write_text(spec.replace("  worked:", "  other:"))
    read = [project.run("logs", of) for of in (name, "worked")]
    project.spec.write_text(spec)
    assert [one.stdout for one in read] == ["still here\n"] * 2, [one.stderr for one in read]
    project.run("jobs", "cancel", name, "--yes")


def test_a_sweep_is_one_job_with_the_code_of_the_member_that_failed(project: Workspace) -> None:
    name = detach(project, "swept")["job"]
    until(lambda: listed(project, name)["state"] == "failed", "the sweep to end")
    assert listed(project, name)["exit_code"] == 4
    assert sorted(project.run("logs", name).stdout.splitlines()) == ["[0] rate 0", "[1] rate 4"]
    project.run("jobs", "cancel", name, "--yes")
    assert standing(project, "swept") == []
