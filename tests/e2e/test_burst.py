"""Bursts on the real engine and the sandbox: capacity comes, work runs, and nothing stays, however it ends."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator

import pytest

from tests.e2e.workspaces import Running, Workspace, applied
from tideform.burst.receipt import environment_receipt

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
_LONGER = "steady: {instance_types: [c5.large], lease: 31m"
JOB = ("--", "sh", "-c", "echo work''ing; sleep 300")  # the command is announced: its output must differ from it


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with applied(tmp_path_factory.mktemp("tidal"), SPEC) as made:
        yield made


def working(project: Workspace, pool: str) -> Running:
    """A burst whose job is at work."""
    burst = project.start("burst", "run", pool, *JOB)
    burst.says("working")
    return burst


@pytest.mark.parametrize("pool", ["brief", "steady"])
def test_a_run_tells_the_jobs_output_and_its_exit_code(project: Workspace, pool: str) -> None:
    ran = project.run("burst", "run", pool, "--", "sh", "-c", "echo to the log; exit 7")
    assert (ran.returncode, ran.stdout) == (7, "to the log\n"), ran.stderr
    assert "The job ended with exit code 7.\n" in ran.stderr


def test_a_run_without_a_command_runs_the_pools_job(project: Workspace) -> None:
    assert "TIDEFORM_POOL=steady" in project.run("burst", "run", "steady").stdout


def test_a_run_ends_with_an_empty_receipt(project: Workspace) -> None:
    told = json.loads(project.run("burst", "run", "steady", "--json", "--", "true").stdout)
    assert told["receipt"]["empty"]
    assert project.instances() == []


def test_a_pool_that_is_removed_has_no_stack_after_its_burst(project: Workspace) -> None:
    project.run("burst", "run", "brief", "--", "true")
    stacks = json.loads(project.run("status", "--json").stdout)["stacks"]
    assert [s["standing"] for s in stacks if s["program"] == "training/brief"] == [False]


def test_capacity_says_whose_it_is_and_until_when(project: Workspace) -> None:
    lease = json.loads(project.run("burst", "up", "steady", "--json").stdout)
    tags = [{tag["Key"]: tag["Value"] for tag in found["Tags"]} for found in project.instances()]
    project.run("burst", "down", "steady")
    assert [(t["tideform:lease"], t["tideform:expires"]) for t in tags] == [(lease["id"], lease["deadline"])]


def planned(project: Workspace) -> list[str]:
    """What a plan that reads back would change, and what it calls changed outside."""
    plan = json.loads(project.run("plan", "--refresh", "--json").stdout)
    told = {one["address"]: one["change"]["actions"] for one in (*plan["resource_changes"], *plan["resource_drift"])}
    return [address for address, actions in told.items() if actions not in (["no-op"], ["read"])]


def test_a_plan_sees_no_change_in_what_a_burst_has_moved(project: Workspace) -> None:
    project.run("burst", "up", "steady")
    batch = project.cloud.client("batch")
    environments = batch.describe_compute_environments()["computeEnvironments"]
    (other,) = [one["computeEnvironmentName"] for one in environments if one["state"] == "DISABLED"]
    batch.update_compute_environment(computeEnvironment=other, computeResources={"maxvCpus": 0})  # as beside a full one
    during = planned(project)
    project.run("burst", "down", "steady")
    assert (during, planned(project)) == ([], [])


def test_a_pool_takes_a_change_of_its_spec_after_a_burst(project: Workspace) -> None:
    project.spec.write_text(SPEC.replace("steady: {instance_types: [c5.large], lease: 30m", _LONGER), encoding="utf-8")
    applied_again = project.run("apply", "--yes")
    assert (applied_again.returncode, planned(project)) == (0, []), applied_again.stderr


def test_a_burst_that_is_stopped_while_batch_updates_its_environments_leaves_nothing(project: Workspace) -> None:
    burst = project.start("burst", "run", "brief", *JOB)
    burst.says("Bringing in")
    burst.signal(signal.SIGINT)
    assert burst.ended() == 130
    assert "cut short" not in burst.stderr
    assert project.instances() == []


def test_destroy_refuses_while_a_lease_lives(project: Workspace) -> None:
    project.run("burst", "up", "steady")
    refused = project.run("destroy", "--yes")
    downed = project.run("burst", "down", "steady")
    assert (refused.returncode, downed.returncode) == (1, 0)
    assert "TD332" in refused.stderr


@pytest.mark.parametrize("pool", ["brief", "steady"])
def test_a_terminals_ctrl_c_pressed_twice_leaves_nothing(project: Workspace, pool: str) -> None:
    burst = working(project, pool)
    burst.signal(signal.SIGINT, group=True)  # a terminal sends it to the engine's processes as well
    burst.says("Taking the capacity away")
    burst.signal(signal.SIGINT, group=True)
    assert burst.ended() == 130
    assert project.instances() == []


@pytest.mark.parametrize("pool", ["brief", "steady"])
def test_the_next_apply_ends_a_burst_that_was_killed(project: Workspace, pool: str) -> None:
    burst = working(project, pool)
    burst.signal(signal.SIGKILL)
    burst.ended()
    again = project.run("apply", "--yes")
    assert f"burst of {pool}" in again.stderr
    assert project.instances() == []


def test_the_inventory_sees_an_environment_that_stands(project: Workspace) -> None:
    receipt = environment_receipt(project.cloud, project.deployment)
    assert receipt.unasked == ()
    assert {"vpc", "table", "bucket", "key", "job queue", "role"} <= {f.kind.lower() for f in receipt.leftovers}
