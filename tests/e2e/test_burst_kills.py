"""Bursts that are ended from outside, at every stage: their capacity goes, and what is told is true."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.workspaces import PATIENCE, TIDEFORM, Running, Workspace, applied, until
from tideform.burst.lease import State
from tideform.burst.table import LeaseTable
from tideform.engine.locking import acquire
from tideform.local.client import find
from tideform.paths import Workspace as Folder
from tideform.reaper.items import Items

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
project: ebb
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {scratch: {kind: scratch}}
training:
  brief: {instance_types: [c5.large], lease: 30m, between_bursts: remove, job: &job {image: trainer, command: [env]}}
  steady: {instance_types: [c5.large], lease: 30m, job: *job}
"""
JOB = ("--", "sh", "-c", "echo work''ing; sleep 300")  # the command is announced: its output must differ from it
# What a burst says when it comes to each stage.
DEFINITIONS = "Making the definitions"
CAPACITY = "Bringing in"
WORK = "working"
END = "Taking the capacity away"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with applied(tmp_path_factory.mktemp("ebb"), SPEC) as made:
        yield made


def nothing_is_held(project: Workspace) -> bool:
    """No instance in the account, no lease, and every pool idle."""
    records = LeaseTable.of(project.cloud, project.deployment).all()
    idle = all(record.state is State.IDLE and not record.leases for record in records)
    return idle and project.instances() == []


def burst(project: Workspace, pool: str, *job: str) -> Running:
    """Start a burst of a long job, or of another command."""
    return project.start("burst", "run", pool, *(job or JOB))


@pytest.mark.parametrize(("pool", "stage"), [("brief", DEFINITIONS), ("steady", CAPACITY), ("steady", WORK)])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_burst_in_order(project: Workspace, pool: str, stage: str, number: signal.Signals) -> None:
    running = burst(project, pool)
    running.says(stage)
    running.signal(number)
    assert running.ended() == 130
    assert "Nothing is left of it" in running.stderr
    assert nothing_is_held(project)


def test_a_terminal_that_is_closed_ends_the_burst(project: Workspace) -> None:
    running = burst(project, "steady")
    running.says(WORK)
    running.signal(signal.SIGHUP, group=True)
    assert running.ended() == 130
    assert nothing_is_held(project)


def test_a_pipe_whose_reader_ends_first_cuts_no_teardown_short(project: Workspace) -> None:
    """``burst run … 2>&1 | tee log`` and Ctrl-C: the terminal ends tee as well."""
    reading, writing = os.pipe()
    words = [TIDEFORM, "burst", "run", "steady", *JOB]
    with subprocess.Popen(words, cwd=project.root, stdout=writing, stderr=writing, process_group=0) as running:
        os.close(writing)
        with os.fdopen(reading, "rb", buffering=0) as output:
            until(lambda: WORK.encode() in output.read(4096), "the job works")
        os.killpg(running.pid, signal.SIGINT)
        assert running.wait(PATIENCE) == 130
    assert nothing_is_held(project)


def test_a_terminals_ctrl_c_while_the_definitions_are_made_is_an_interruption(project: Workspace) -> None:
    running = burst(project, "brief")
    running.says(DEFINITIONS)
    running.signal(signal.SIGINT, group=True)  # the engine gets it as well
    assert running.ended() == 130
    assert nothing_is_held(project)


def test_a_second_ctrl_c_is_answered_and_cuts_nothing_short(project: Workspace) -> None:
    running = burst(project, "brief")
    running.says(WORK)
    running.signal(signal.SIGINT, group=True)
    running.says(END)
    running.signal(signal.SIGINT, group=True)
    assert running.ended() == 130
    assert "Still taking the capacity away" in running.stderr
    assert nothing_is_held(project)


@pytest.mark.parametrize(("code", "command"), [(7, ("sh", "-c", "exit 7")), (127, ("no-such-command",))])
def test_a_job_that_fails_ends_the_burst_with_its_code(project: Workspace, code: int, command: tuple[str, ...]) -> None:
    ran = project.run("burst", "run", "steady", "--", *command)
    assert (ran.returncode, "nothing is left" in ran.stderr) == (code, True), ran.stderr
    assert nothing_is_held(project)


@pytest.mark.parametrize(
    ("pool", "stage"), [("brief", DEFINITIONS), ("steady", CAPACITY), ("steady", WORK), ("brief", END)]
)
def test_down_ends_what_a_killed_burst_left(project: Workspace, pool: str, stage: str) -> None:
    running = burst(project, pool, *(("--", "true") if stage == END else ()))
    running.says(stage)
    running.signal(signal.SIGKILL)
    running.ended()
    downed = project.run("burst", "down", pool)
    assert (downed.returncode, "nothing is left" in downed.stdout) == (0, True), downed.stderr
    assert nothing_is_held(project)


def test_status_tells_of_a_killed_burst_and_changes_nothing(project: Workspace) -> None:
    running = burst(project, "steady")
    running.says(WORK)
    running.signal(signal.SIGKILL)
    running.ended()
    told = project.run("burst", "status", "steady").stdout
    assert "is gone" in told
    assert len(project.instances()) == 1
    project.run("burst", "down", "steady")


@pytest.fixture(params=["steady", "brief"])
def garbled(project: Workspace, request: pytest.FixtureRequest) -> Iterator[tuple[str, Path]]:
    """The state of a layer that bursts do not stand on is no checkpoint, while a burst runs whose process is gone."""
    running = burst(project, request.param)
    running.says(WORK)
    running.signal(signal.SIGKILL)
    running.ended()
    (file,) = project.folder.state("dev").glob(".pulumi/stacks/tideform-monitoring/*.json")
    whole = file.read_bytes()
    file.write_text("garbage")
    yield request.param, file
    file.write_bytes(whole)
    project.run("burst", "down", request.param)


def test_a_state_that_cannot_be_read_hides_no_lease_and_hinders_no_end(
    project: Workspace, garbled: tuple[str, Path]
) -> None:
    pool, file = garbled
    status, bursts = project.run("status", "--json"), project.run("burst", "status", "--json")
    told, held = json.loads(status.stdout), json.loads(bursts.stdout)
    assert (status.returncode, [one["pool"] for one in told["bursts"]], told["lock"]) == (1, [pool], [])
    assert [one["what"] for one in told["unreadable"]] == ["stack monitoring"]
    one = next(one for one in held["pools"] if one["pool"] == pool)
    assert (bursts.returncode, len(one["instances"]), held["unreadable"][0]["what"]) == (1, 1, "state")
    assert str(file) in held["unreadable"][0]["why"]
    downed = project.run("burst", "down", pool)
    assert (downed.returncode, "nothing is left" in downed.stdout) == (0, True), downed.stderr
    assert nothing_is_held(project)


@pytest.fixture
def damaged(project: Workspace) -> Iterator[Workspace]:
    """The record of the pool brief cannot be read."""
    table = LeaseTable.of(project.cloud, project.deployment)
    Items(project.cloud, table.name).write({"pk": f"pool#{table.identity('brief')}", "leases": 3})
    yield project
    project.run("burst", "reap")  # makes the item whole


def test_status_shows_the_other_pools_where_the_record_of_one_cannot_be_read(damaged: Workspace) -> None:
    told = damaged.run("burst", "status", "--json")
    said = json.loads(told.stdout)
    assert (told.returncode, {one["pool"]: one["state"] for one in said["pools"]}) == (
        1,
        {"brief": None, "steady": "idle"},
    )
    assert [one["what"] for one in said["unreadable"]] == ["pool brief"]


def test_jobs_are_listed_where_the_record_of_another_pool_cannot_be_read(damaged: Workspace) -> None:
    told = damaged.run("jobs", "--json")
    said = json.loads(told.stdout)
    assert (told.returncode, "TD624" in told.stderr) == (1, True)
    assert [one["what"] for one in said["unreadable"]] == ["pool brief"]
    assert {job["pool"] for job in said["jobs"]} <= {"steady"}


def test_an_apply_ends_what_a_killed_burst_left(project: Workspace) -> None:
    running = burst(project, "steady")
    running.says(WORK)
    running.signal(signal.SIGKILL)
    running.ended()
    assert project.run("apply", "--yes").returncode == 0
    assert nothing_is_held(project)


def test_two_bursts_share_the_capacity_and_the_last_takes_it_away(project: Workspace) -> None:
    first = burst(project, "steady")
    first.says(WORK)
    second = {"TIDEFORM_OWNER": "second"}
    assert project.run("burst", "up", "steady", **second).returncode == 0
    downed = project.run("burst", "down", "steady", **second)
    stayed = len(project.instances())
    first.signal(signal.SIGTERM)
    assert (downed.returncode, stayed, first.ended()) == (0, 1, 130), downed.stderr
    assert "The capacity stays" in downed.stderr
    assert nothing_is_held(project)


def test_two_bursts_that_start_at_once_bring_capacity_once(project: Workspace) -> None:
    both = [burst(project, "steady", "--", "true") for _ in range(2)]
    most = 0

    def ended() -> bool:
        nonlocal most
        most = max(most, len(project.instances()))
        return all(one.process.poll() is not None for one in both)

    until(ended, "both bursts to end")
    codes = {one.ended() for one in both}
    assert codes <= {0, 101}, [one.stderr for one in both]
    assert 0 in codes
    assert all("TD604" in one.stderr for one in both if one.ended() == 101)  # it came when the first was just ending
    assert most == 1
    assert nothing_is_held(project)


def test_down_ends_a_running_burst_from_elsewhere(project: Workspace) -> None:
    running = burst(project, "steady")
    running.says(WORK)
    downed = project.run("burst", "down", "steady")
    assert (downed.returncode, running.ended() != 0) == (0, True)
    assert nothing_is_held(project)


def test_who_waits_for_an_apply_stops_waiting_when_asked(project: Workspace) -> None:
    with acquire(project.deployment, "apply"):
        running = burst(project, "steady")
        running.says("Waiting:")
        running.signal(signal.SIGINT)
        running.says("Stopping")
    assert running.ended() == 130
    assert nothing_is_held(project)


def test_a_lost_sandbox_is_told_without_a_traceback(project: Workspace) -> None:
    """The last test here: the sandbox forgets everything."""
    running = burst(project, "steady")
    running.says(WORK)
    sandbox = find(Folder(project.root))
    assert sandbox is not None
    os.kill(sandbox.pid, signal.SIGKILL)
    assert running.ended() == 101
    # Whichever call is the first to find nobody there: one to the services, to the lease table, or to the clock.
    assert any(f"error[{code}]" in running.stderr for code in ("TD611", "TD617", "TD511"))
    assert "Traceback" not in running.stderr
