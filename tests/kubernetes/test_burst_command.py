"""The command line against a whole cluster: apply, bursts, capacity that is held, and a command that is killed."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator

import pytest

from tests.e2e.workspaces import PATIENCE, Workspace, opened, until
from tests.kubernetes.cluster import POD_PRINTS, Cluster
from tests.kubernetes.projects import leases
from tideform.components.kubernetes.names import LABEL

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


def running(cluster: Cluster) -> int:
    pods = cluster.api.find("v1", "Pod", "command-dev-fit")
    return sum(each.get("status", {}).get("phase") == "Running" for each in pods)


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
    job = json.loads(project.run("jobs", "fit", "--json").stdout)["jobs"][0]
    assert job["state"] in ("waiting", "running")
    for wanted in ((), ("--job", job["ids"][0])):
        logs = project.run("logs", "fit", *wanted)
        assert printed(logs.stdout) == list(POD_PRINTS), logs.stderr
    burst.signal(signal.SIGINT)
    burst.ended()
    assert nodes(cluster) == 0
    gone = json.loads(project.run("jobs", "fit", "--json").stdout)["jobs"][0]
    assert (gone["name"], gone["state"]) == (job["name"], "stopped")  # written down before its end


def test_the_next_command_ends_what_a_killed_one_left(project: Workspace, cluster: Cluster) -> None:
    burst = project.start("burst", "run", "fit", "--", "sleep", "infinity")
    until(lambda: nodes(cluster) == 1, "a node for the job")
    burst.signal(signal.SIGKILL, group=True)
    burst.ended()
    down = project.run("burst", "down", "fit")
    assert down.returncode == 0, down.stderr
    assert nodes(cluster) == 0


def test_a_burst_outlasts_what_a_node_without_a_heartbeat_is_given(project: Workspace, cluster: Cluster) -> None:
    """The controllers give a node up 55 s after its last sign of life, and its pods with it: the lease is renewed."""
    burst = project.start("burst", "run", "fit", "--", "sleep", "75")
    until(lambda: nodes(cluster) == 1, "a node for the job")
    until(lambda: running(cluster) == 1, "its pod")
    began = time.monotonic()
    assert burst.process.wait(2 * PATIENCE) == 0, burst.stderr
    assert time.monotonic() - began > 60  # or it was not that long
    assert begun_again(burst.stdout) == 0, burst.stdout
    assert nodes(cluster) == 0


def test_a_missing_class_of_priority_is_told_before_a_lease_is_taken(project: Workspace, cluster: Cluster) -> None:
    """Kueue takes no notice of such a job: it would wait until its lease is over, and nobody would say why."""
    name = "command-dev-fit"
    cluster.api.delete("scheduling.k8s.io/v1", "PriorityClass", name)
    burst = project.run("burst", "run", "fit")
    assert burst.returncode == 101
    assert "TD603" in burst.stderr
    assert f"PriorityClass {name}" in burst.stderr
    assert leases(project) == []
    assert project.run("apply", "--yes").returncode == 0  # which puts it back


def test_two_bursts_at_once_keep_the_pools_bound_together(project: Workspace, cluster: Cluster) -> None:
    """Each asks for both of the pool's machines: the second one waits for the first."""
    both = [project.start("burst", "run", "fit", "--nodes", "2", "--", "sleep", "5") for _ in range(2)]
    most = 0

    def over() -> bool:
        nonlocal most
        claims = cluster.api.find("karpenter.sh/v1", "NodeClaim", labels={"karpenter.sh/nodepool": "command-dev-fit"})
        most = max(most, len(claims))
        return all(burst.process.poll() is not None for burst in both)

    until(over, "the end of both", seconds=2 * PATIENCE)
    assert [burst.ended() for burst in both] == [0, 0], [burst.stderr for burst in both]
    assert most == 2
    assert any("waits: Kueue" in burst.stdout + burst.stderr for burst in both)
    assert nodes(cluster) == 0


def test_an_apply_after_bursts_changes_nothing(project: Workspace) -> None:
    planned = project.run("plan")
    assert "No changes" in planned.stdout, planned.stdout


def test_what_was_applied_can_be_destroyed(project: Workspace, cluster: Cluster) -> None:
    assert project.run("destroy", "--yes").returncode == 0
    assert cluster.api.get("v1", "Namespace", "command-dev-fit") is None
