"""Bursts on EC2 Auto Scaling: machines come, commands run on all of them, and nothing stays, whoever is alive then."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator

import pytest

from tests.e2e.workspaces import Workspace, opened, until
from tideform.backends.training.ec2.names import GroupNames
from tideform.burst.receipt import capacity_receipt, environment_receipt
from tideform.local.client import advance_clock
from tideform.paths import Workspace as Folder

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
project: desk
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {scratch: {kind: scratch}}
training:
  pair: {backend: ec2, instance_types: [c5.large, c5.xlarge], nodes: 2, lease: 30m,
         job: {image: trainer, command: [env], nodes: 2}}
  brief: {backend: ec2, instance_types: [c5.large], lease: 30m, between_bursts: remove,
          job: {image: trainer, command: [env]}}
"""
RANK_FILE = ("--", "sh", "-c", "echo $MASTER_ADDR $WORLD_SIZE > rank-$RANK; echo rank $RANK of $WORLD_SIZE")
LONG = ("--", "sh", "-c", "echo working; exec sleep 300")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with opened(tmp_path_factory.mktemp("desk"), SPEC) as made:
        applied = made.run("apply", "--yes")
        assert applied.returncode == 0, applied.stderr
        yield made


def advance(project: Workspace, seconds: float) -> None:
    advance_clock(Folder(project.root), seconds)


def test_a_run_on_two_nodes_gives_each_its_rank_and_ends_with_an_empty_receipt(project: Workspace) -> None:
    ran = project.run("burst", "run", "pair", "--json", *RANK_FILE)
    assert ran.returncode == 0, ran.stderr
    files = {name: (project.root / name).read_text() for name in ("rank-0", "rank-1")}
    assert files == dict.fromkeys(files, "127.0.0.1 2\n")
    assert {"[0] rank 0 of 2", "[1] rank 1 of 2"} <= set(ran.stderr.splitlines())
    assert json.loads(ran.stdout)["receipt"]["empty"]
    assert project.instances() == []


@pytest.mark.parametrize("pool", ["pair", "brief"])
def test_a_run_ends_with_the_exit_code_of_its_job(project: Workspace, pool: str) -> None:
    ran = project.run("burst", "run", pool, "--", "sh", "-c", "exit 7")
    assert ran.returncode == 7, ran.stderr
    assert project.instances() == []


def test_a_pool_that_is_removed_leaves_nothing_at_all(project: Workspace) -> None:
    ran = project.run("burst", "run", "brief", "--", "true")
    assert ran.returncode == 0, ran.stderr
    assert environment_receipt(project.cloud, project.deployment, unit="brief").leftovers == ()


def test_a_signal_ends_the_commands_and_the_machines(project: Workspace) -> None:
    burst = project.start("burst", "run", "pair", *LONG)
    burst.says("[0] working")
    burst.signal(signal.SIGINT)
    assert burst.ended() == 130
    assert project.instances() == []


def test_capacity_says_whose_it_is_and_its_end_is_scheduled(project: Workspace) -> None:
    lease = json.loads(project.run("burst", "up", "pair", "--json").stdout)
    tags = [{tag["Key"]: tag["Value"] for tag in found["Tags"]} for found in project.instances()]
    group = GroupNames(project.deployment, "pair").group
    (action,) = project.cloud.client("autoscaling").describe_scheduled_actions(AutoScalingGroupName=group)[
        "ScheduledUpdateGroupActions"
    ]
    project.run("burst", "down", "pair")
    assert [(t["tideform:lease"], t["tideform:expires"]) for t in tags] == [(lease["id"], lease["deadline"])] * 2
    assert f"{action['StartTime']:%Y-%m-%dT%H:%M:%SZ}" == lease["deadline"]
    assert (action["MinSize"], action["MaxSize"], action["DesiredCapacity"]) == (0, 0, 0)


def test_a_burst_leaves_no_drift(project: Workspace) -> None:
    project.run("burst", "run", "pair", "--", "true")
    planned = project.run("plan", "--json")
    changes = [one["address"] for one in json.loads(planned.stdout)["resource_changes"]
               if one["change"]["actions"] != ["no-op"] and "pair" in one["address"]]  # fmt: skip
    assert changes == []


def test_the_schedule_alone_ends_a_burst_whose_command_line_was_killed(project: Workspace) -> None:
    """The clock of the sandbox is moved: this test comes last."""
    burst = project.start("burst", "run", "pair", *LONG)
    burst.says("[0] working")
    burst.signal(signal.SIGKILL)
    burst.ended()
    reaper = project.deployment.physical_name("reaper", limit=64)
    project.cloud.client("lambda").put_function_concurrency(FunctionName=reaper, ReservedConcurrentExecutions=0)
    assert len(project.instances()) == 2
    advance(project, 30 * 60)
    advance(project, 10 * 60)
    until(lambda: project.instances() == [], "the machines are gone")
    assert capacity_receipt(project.cloud, project.deployment, "pair").leftovers == ()
