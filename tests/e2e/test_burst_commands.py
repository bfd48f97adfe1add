"""What one does with a burst that runs: look at it, give it more time, read its log, go onto its machine."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from tests.e2e.workspaces import Running, Workspace, opened

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
project: looking
owner: ml@example.com
region: us-east-1
limits: {lease: 2h}
environments: {dev: {target: local}}
training:
  steady: {instance_types: [c5.large], lease: 30m, job: &job {image: trainer, command: [env]}}
  passing: {instance_types: [c5.large], lease: 30m, job: *job}
  capped: {instance_types: [c5.large], lease: 30m, max_cost: 0.01 USD, job: *job}
"""
WORKS = "echo first; while [ ! -e {file} ]; do sleep 0.1; done; echo last"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with opened(tmp_path_factory.mktemp("looking"), SPEC) as made:
        applied = made.run("apply", "--yes")
        assert applied.returncode == 0, applied.stderr
        yield made


@contextmanager
def working(project: Workspace, pool: str, file: str) -> Iterator[Running]:
    """A burst whose job waits for a file; at the end it gets it."""
    running = project.start("burst", "run", pool, "--", "sh", "-c", WORKS.format(file=file))
    running.says("first\n")
    yield running
    (project.root / file).touch()
    assert running.ended() == 0, running.stderr


@pytest.fixture(scope="module")
def burst(project: Workspace) -> Iterator[Running]:
    """A burst of the pool steady, the same for all who only look at it."""
    with working(project, "steady", "enough") as running:
        yield running


def test_the_job_is_listed_while_it_runs(project: Workspace, burst: Running) -> None:
    [job] = json.loads(project.run("jobs", "steady", "--json").stdout)["jobs"]
    assert job["state"] == "running"
    assert job["name"] in project.run("jobs", "steady").stdout


def test_the_log_is_followed_and_changes_are_watched_to_the_jobs_end(project: Workspace) -> None:
    with working(project, "passing", "go"):
        follower, watcher = project.start("logs", "passing", "--follow"), project.start("burst", "watch", "passing")
        follower.says("first\n")
        watcher.says("1 running; 1 x c5.large")
    assert (follower.ended(), watcher.ended()) == (0, 0), follower.stderr + watcher.stderr
    assert follower.stdout == "first\nlast\n"
    assert watcher.stdout.splitlines()[-1].startswith("passing idle: no job; no machine; 0.0000 USD an hour; no lease")
    assert project.run("logs", "passing").stdout == "first\nlast\n"  # also when it is over


def test_a_watcher_that_leaves_leaves_the_burst_alone(project: Workspace, burst: Running) -> None:
    watcher = project.start("burst", "watch", "steady", "--json")
    watcher.says('"running"')
    watcher.signal(signal.SIGINT)
    assert watcher.ended() == 0, watcher.stderr
    assert "The burst goes on." in watcher.stderr
    assert burst.process.poll() is None


def test_more_time_moves_the_lease_and_what_the_machines_say(project: Workspace, burst: Running) -> None:
    extended = json.loads(project.run("burst", "extend", "steady", "1h", "--json").stdout)
    [lease] = extended["leases"]
    rest = datetime.fromisoformat(lease["deadline"]).astimezone(UTC).timestamp() - time.time()
    assert 3600 < rest <= 5400
    tags = [tag for machine in project.instances() for tag in machine["Tags"]]
    assert {"Key": "tideform:expires", "Value": lease["deadline"]} in tags
    assert "AWS Batch keeps the time-out" in extended["remarks"][0]


def test_no_lease_is_extended_beyond_the_owners_limit(project: Workspace, burst: Running) -> None:
    refused = project.run("burst", "extend", "steady", "3h")
    assert (refused.returncode, "TD147" in refused.stderr) == (1, True), refused.stderr


def test_a_shell_on_a_node_has_the_nodes_environment(project: Workspace, burst: Running) -> None:
    words = ("sh", "-c", 'echo "$TIDEFORM_POOL $TIDEFORM_NODE"; exit 3')
    ran = project.run("burst", "shell", "steady", "--", *words)
    ids = [f"steady {found['InstanceId']}\n" for found in project.instances()]
    assert (ran.returncode, ran.stdout in ids) == (3, True), ran.stderr


def test_the_reapers_round_leaves_a_burst_that_is_not_over(project: Workspace, burst: Running) -> None:
    reaped = project.run("burst", "reap")
    assert (reaped.returncode, reaped.stdout) == (0, "Nothing was over.\n"), reaped.stderr
    assert burst.process.poll() is None


def test_nothing_is_extended_where_nothing_runs(project: Workspace) -> None:
    assert "TD677" in project.run("burst", "extend", "capped", "1h").stderr


def test_no_shell_is_opened_where_nothing_runs(project: Workspace) -> None:
    assert "TD679" in project.run("burst", "shell", "capped").stderr


def test_a_burst_that_may_cost_more_than_its_cap_is_asked_about(project: Workspace) -> None:
    refused = project.run("burst", "run", "capped", "--", "true")
    assert (refused.returncode, "TD352" in refused.stderr) == (101, True), refused.stderr
    assert "Give --yes" in refused.stderr
    assert project.run("burst", "run", "capped", "--yes", "--", "true").returncode == 0


def test_a_shorter_lease_makes_it_cheap_enough_not_to_be_asked_about(project: Workspace) -> None:
    ran = project.run("burst", "run", "capped", "--lease", "5m", "--", "true")
    assert ran.returncode == 0, ran.stderr


def test_a_command_gives_no_more_than_the_spec(project: Workspace) -> None:
    assert "TD675" in project.run("burst", "run", "steady", "--lease", "3h", "--", "true").stderr
