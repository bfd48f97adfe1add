"""Bursts on the real engine and the sandbox: capacity comes, work runs, and nothing stays, however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tideform.burst.receipt import environment_receipt
from tideform.connect import cloud_for
from tideform.paths import Workspace
from tideform.sandbox.client import stop
from tideform.spec.deployment import Deployment
from tideform.spec.load import load

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
project: tidal
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {scratch: {kind: scratch}}
training:
  brief: {instance_types: [c5.large], lease: 30m, between_bursts: remove, job: &job {image: trainer, command: [env]}}
  steady: {instance_types: [c5.large], lease: 30m, job: *job}
"""
TIDEFORM = str(Path(sys.executable).parent / "tideform")


@dataclass(frozen=True)
class Project:
    """A folder with a spec, and the command line run in it."""

    root: Path

    @property
    def deployment(self) -> Deployment:
        return load(self.root / "tideform.yaml", None).deployment

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [TIDEFORM, *args], cwd=self.root, capture_output=True, text=True, timeout=300, check=False
        )

    def instances(self) -> list[dict[str, Any]]:
        states = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
        found = cloud_for(self.deployment).client("ec2").describe_instances(Filters=states)["Reservations"]
        return [instance for reservation in found for instance in reservation["Instances"]]

    def interrupted(self, pool: str, stop_it: Callable[[subprocess.Popen[str]], None]) -> int:
        """Start a burst, wait until its job runs, do something to it, and return its exit code."""
        command = [TIDEFORM, "burst", "run", pool, "--", "sh", "-c", "echo working; sleep 300"]
        with subprocess.Popen(
            command, cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
        ) as burst:
            assert burst.stdout is not None
            assert burst.stdout.readline() == "working\n"
            stop_it(burst)
            burst.communicate(timeout=180)
            return burst.returncode


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    root = tmp_path_factory.mktemp("tidal")
    (root / "tideform.yaml").write_text(SPEC)
    project = Project(root)
    try:
        applied = project.run("apply", "--yes")
        assert applied.returncode == 0, applied.stderr
        yield project
    finally:
        stop(Workspace(root))


@pytest.mark.parametrize("pool", ["brief", "steady"])
def test_a_run_tells_the_jobs_output_and_its_exit_code(project: Project, pool: str) -> None:
    ran = project.run("burst", "run", pool, "--", "sh", "-c", "echo to the log; exit 7")
    assert (ran.returncode, ran.stdout) == (7, "to the log\n"), ran.stderr
    assert "The job ended with exit code 7.\n" in ran.stderr


def test_a_run_without_a_command_runs_the_pools_job(project: Project) -> None:
    assert "TIDEFORM_POOL=steady" in project.run("burst", "run", "steady").stdout


def test_a_run_ends_with_an_empty_receipt(project: Project) -> None:
    told = json.loads(project.run("burst", "run", "steady", "--json", "--", "true").stdout)
    assert told["receipt"]["empty"]
    assert project.instances() == []


def test_a_pool_that_is_removed_has_no_stack_after_its_burst(project: Project) -> None:
    project.run("burst", "run", "brief", "--", "true")
    stacks = json.loads(project.run("status", "--json").stdout)["stacks"]
    assert [s["standing"] for s in stacks if s["program"] == "training/brief"] == [False]


def test_capacity_says_whose_it_is_and_until_when(project: Project) -> None:
    lease = json.loads(project.run("burst", "up", "steady", "--json").stdout)
    tags = [{tag["Key"]: tag["Value"] for tag in found["Tags"]} for found in project.instances()]
    project.run("burst", "down", "steady")
    assert [(t["tideform:lease"], t["tideform:expires"]) for t in tags] == [(lease["id"], lease["deadline"])]


def test_destroy_refuses_while_a_lease_lives(project: Project) -> None:
    project.run("burst", "up", "steady")
    refused = project.run("destroy", "--yes")
    downed = project.run("burst", "down", "steady")
    assert (refused.returncode, downed.returncode) == (1, 0)
    assert "TD332" in refused.stderr


@pytest.mark.parametrize("pool", ["brief", "steady"])
def test_a_terminals_ctrl_c_pressed_twice_leaves_nothing(project: Project, pool: str) -> None:
    def press(burst: subprocess.Popen[str]) -> None:
        os.killpg(burst.pid, signal.SIGINT)  # a terminal sends it to the engine's processes as well
        assert burst.stderr is not None
        assert any(line.startswith("Taking the capacity away") for line in burst.stderr)
        os.killpg(burst.pid, signal.SIGINT)

    assert project.interrupted(pool, press) == 130
    assert project.instances() == []


@pytest.mark.parametrize("pool", ["brief", "steady"])
def test_the_next_apply_ends_a_burst_that_was_killed(project: Project, pool: str) -> None:
    project.interrupted(pool, lambda burst: burst.kill())
    applied = project.run("apply", "--yes")
    assert f"burst of {pool}" in applied.stderr
    assert project.instances() == []


def test_the_inventory_sees_an_environment_that_stands(project: Project) -> None:
    receipt = environment_receipt(cloud_for(project.deployment), project.deployment)
    assert receipt.unasked == ()
    assert {"vpc", "table", "bucket", "key", "job queue", "role"} <= {f.kind.lower() for f in receipt.leftovers}
