"""State, exit code and log of a job are there when its pool's definitions are not: `between_bursts: remove`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.workspaces import Workspace, applied, until
from tideform.burst.lease import State
from tideform.burst.table import LeaseTable
from tideform.local.client import advance_clock

pytestmark = pytest.mark.e2e
ROUND = 360  # seconds: the reaper comes every five minutes

SPEC = """\
version: 1
project: outlive
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
training:
  brief: {instance_types: [c5.large], lease: 30m, between_bursts: remove, job: {image: trainer, command: ["true"]}}
"""
FAILS = ("sh", "-c", "echo begun; echo done; exit 3")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with applied(tmp_path_factory.mktemp("outlive"), SPEC) as made:
        yield made


def newest(project: Workspace) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(project.run("jobs", "--json").stdout)["jobs"][0]
    return told


def queues(project: Workspace) -> list[str]:
    return [one["jobQueueName"] for one in project.cloud.client("batch").describe_job_queues()["jobQueues"]]


def test_a_job_is_told_and_read_after_its_pool_is_gone(project: Workspace) -> None:
    ran = project.run("burst", "run", "brief", "--", *FAILS)
    assert ran.returncode == 3, ran.stderr
    assert "/tideform/outlive-dev/bursts/brief: what its jobs have printed" in ran.stderr
    assert queues(project) == []
    told = newest(project)
    assert (told["state"], told["exit_code"], told["why"]) == ("failed", 3, None), told
    logs = [project.run("logs", name).stdout for name in ("brief", told["name"])]
    assert logs == ["begun\ndone\n"] * 2


def test_a_job_that_the_reaper_has_ended_is_told_and_read_after_its_pool_is_gone(project: Workspace) -> None:
    begun = project.run("burst", "run", "brief", "--detach", "--json", "--", *FAILS)
    name = json.loads(begun.stdout)["job"]
    until(lambda: newest(project)["state"] == "failed", "the job to fail")
    advance_clock(project.folder, ROUND)
    table = LeaseTable.of(project.cloud, project.deployment)
    until(lambda: table.get("brief").state is State.IDLE, "the reaper to give the lease back")
    assert project.run("burst", "down", "brief").returncode == 0
    assert queues(project) == []
    told = newest(project)
    assert (told["name"], told["state"], told["exit_code"]) == (name, "failed", 3), told
    assert project.run("logs", name).stdout == "begun\ndone\n"


def test_a_job_whose_lease_ends_is_stopped_and_says_why(project: Workspace) -> None:
    begun = project.run("burst", "run", "brief", "--detach", "--json", "--", "sh", "-c", "echo begun; sleep 600")
    name = json.loads(begun.stdout)["job"]
    until(lambda: project.run("logs", name).stdout == "begun\n", "the job to begin")
    assert project.run("burst", "down", "brief").returncode == 0
    told = newest(project)
    assert (told["name"], told["state"], told["exit_code"]) == (name, "stopped", None), told
    assert told["why"].startswith("its capacity was ended by "), told


def test_a_destroy_takes_the_log_as_well(project: Workspace) -> None:
    assert project.run("destroy", "--yes").returncode == 0
    groups = project.cloud.client("logs").describe_log_groups(logGroupNamePrefix="/tideform/outlive-dev/")["logGroups"]
    assert groups == []
