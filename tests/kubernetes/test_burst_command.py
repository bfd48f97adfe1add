"""The command line against a whole cluster: apply, bursts, capacity that is held, and a command that is killed."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator

import pytest

from tests.e2e.workspaces import Workspace, opened, until
from tests.kubernetes.cluster import POD_PRINTS, Cluster
from tideform.catalogue.training._eks_names import LABEL

SPEC = """\
version: 1
project: command
owner: ml@example.com
region: us-east-1
environments:
  dev: {target: local}
cluster: {existing: test}
training:
  fit:
    backend: eks
    instance_types: [g5.12xlarge]
    nodes: 1..2
    lease: 1h
    job: {image: trainer, command: [sleep, "3"]}
"""


@pytest.fixture(scope="module")
def project(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with opened(tmp_path_factory.mktemp("command"), SPEC, KUBECONFIG=str(cluster.kubeconfig)) as made:
        applied = made.run("apply", "--yes")
        assert applied.returncode == 0, applied.stderr
        yield made


def printed(text: str) -> list[str]:
    """The lines of a pod among others of the command."""
    return [line for line in text.splitlines() if line in POD_PRINTS]


def begun_again(text: str) -> int:
    """How often the cluster took the job's pod away, as it may while a node joins; the next one prints it all again."""
    return sum("begins again" in line for line in text.splitlines())


def nodes(cluster: Cluster) -> int:
    return len(cluster.api.find("v1", "Node", labels={LABEL: "command-dev-fit"}))


def test_a_burst_brings_a_node_for_its_job_and_takes_it_away(project: Workspace, cluster: Cluster) -> None:
    burst = project.start("burst", "run", "fit")
    until(lambda: nodes(cluster) == 1, "a node for the job")
    assert burst.ended() == 0, burst.stderr
    assert printed(burst.stdout) == list(POD_PRINTS) * (1 + begun_again(burst.stdout)), burst.stdout
    assert "nothing is left" in burst.stdout + burst.stderr
    assert nodes(cluster) == 0


def test_held_capacity_stays_for_the_next_job_until_it_is_given_back(project: Workspace, cluster: Cluster) -> None:
    assert project.run("burst", "up", "fit").returncode == 0
    assert nodes(cluster) == 1
    assert project.run("burst", "run", "fit").returncode == 0
    assert nodes(cluster) == 1
    assert project.run("burst", "down", "fit").returncode == 0
    assert nodes(cluster) == 0


def test_a_job_that_runs_is_listed_and_its_log_can_be_read_from_elsewhere(project: Workspace, cluster: Cluster) -> None:
    burst = project.start("burst", "run", "fit", "--", "sleep", "infinity")
    burst.says(POD_PRINTS[-1])
    (job,) = json.loads(project.run("jobs", "fit", "--json").stdout)["jobs"]
    for wanted in ((), ("--job", job["id"])):
        logs = project.run("logs", "fit", *wanted)
        assert printed(logs.stdout) == list(POD_PRINTS), logs.stderr
    burst.signal(signal.SIGINT)
    burst.ended()
    assert nodes(cluster) == 0
    assert project.run("jobs", "fit").stdout == ""


def test_the_next_command_ends_what_a_killed_one_left(project: Workspace, cluster: Cluster) -> None:
    burst = project.start("burst", "run", "fit", "--", "sleep", "infinity")
    until(lambda: nodes(cluster) == 1, "a node for the job")
    burst.signal(signal.SIGKILL, group=True)
    burst.ended()
    down = project.run("burst", "down", "fit")
    assert down.returncode == 0, down.stderr
    assert nodes(cluster) == 0


def test_an_apply_after_bursts_changes_nothing(project: Workspace) -> None:
    planned = project.run("plan")
    assert "No changes" in planned.stdout, planned.stdout


def test_what_was_applied_can_be_destroyed(project: Workspace, cluster: Cluster) -> None:
    assert project.run("destroy", "--yes").returncode == 0
    assert cluster.api.get("v1", "Namespace", "command-dev-fit") is None
