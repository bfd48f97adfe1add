"""A command whose output nobody takes any more: what it has begun goes on to its end, and nothing stays half done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.workspaces import PATIENCE, TIDEFORM, Workspace, opened
from tideform.burst.lease import PoolRecord, State
from tideform.burst.table import LeaseTable
from tideform.local.client import find

pytestmark = pytest.mark.e2e

SPEC = """\
version: 1
project: deaf
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {scratch: {kind: scratch}}
training:
  fit: {backend: ec2, instance_types: [c5.large], lease: 30m, job: {image: trainer, command: ["true"]}}
"""
TERMINAL = ("env", "--default-signal=HUP", "setsid", "--ctty")

Args = Sequence[str]
Lose = Callable[[Workspace, Args, str], int]


def started(project: Workspace, args: Args, stream: int, *, leader: Args = ()) -> subprocess.Popen[bytes]:
    """All of its streams are this one."""
    return subprocess.Popen([*leader, TIDEFORM, *args], cwd=project.root, stdin=stream, stdout=stream, stderr=stream)


def pipe_closed(project: Workspace, args: Args, after: str) -> int:
    """Both streams are a pipe whose reader goes once it has read ``after``."""
    ours, its = os.pipe()
    command = started(project, args, its)
    os.close(its)
    read_until(ours, after)
    os.close(ours)
    return command.wait(2 * PATIENCE)


def hung_up(project: Workspace, args: Args, after: str) -> int:
    """The terminal is closed once ``after`` stands on it."""
    ours, its = os.openpty()
    command = started(project, args, its, leader=TERMINAL)
    os.close(its)
    read_until(ours, after)
    os.close(ours)
    return command.wait(2 * PATIENCE)


def disk_full(project: Workspace, args: Args, _after: str) -> int:
    """Both streams go to a full disk from the beginning."""
    with Path("/dev/full").open("wb") as full:
        return started(project, args, full.fileno()).wait(2 * PATIENCE)


def asked_to_quit(project: Workspace, args: Args, after: str) -> int:
    """SIGQUIT comes once ``after`` was read, and the reader stays."""
    ours, its = os.pipe()
    command = started(project, args, its)
    os.close(its)
    read_until(ours, after)
    command.send_signal(signal.SIGQUIT)
    while os.read(ours, 65536):
        pass
    os.close(ours)
    return command.wait(2 * PATIENCE)


def read_until(stream: int, text: str) -> None:
    read = b""
    while text.encode() not in read:
        try:
            part = os.read(stream, 65536)
        except OSError:  # how a terminal ends
            part = b""
        read += part
        if not part:
            return


def nothing_half_done(project: Workspace) -> bool:
    """No operation is open, nobody holds the lock, and machines stand where a lease says so, and nowhere else."""
    told = json.loads(project.run("status", "--json").stdout)
    record = LeaseTable.of(project.cloud, project.deployment).get("fit") if stands(told) else PoolRecord("fit")
    consistent = bool(project.instances()) == bool(record.leases) and record.state in (State.IDLE, State.UP)
    return consistent and not told["lock"] and not any(stack["pending"] for stack in told["stacks"])


def stands(told: dict[str, Any]) -> bool:
    """Whether foundation, and so the lease table, is there."""
    return any(stack["program"] == "foundation" and stack["resources"] > 20 for stack in told["stacks"])


STORY: tuple[tuple[Lose, str, str], ...] = (
    (hung_up, "apply --yes", "foundation"),
    (pipe_closed, "burst up fit", "Bringing in"),
    (asked_to_quit, "burst extend fit 5m --yes", "Worst case"),
    (disk_full, "burst reap", ""),
    (pipe_closed, "burst down fit", "Taking"),
    (hung_up, "destroy --yes", "Destroy"),
)


def test_nothing_stays_half_done_and_the_same_command_goes_on(tmp_path: Path) -> None:
    with opened(tmp_path, SPEC) as project:
        for lose, words, after in STORY:
            code = lose(project, words.split(), after)
            assert code >= 0, f"{words} was killed: {code}"
            assert nothing_half_done(project), words
            again = project.run(*words.split())
            assert again.returncode == 0, f"{words}: {again.stderr}"
        assert project.instances() == []


@pytest.mark.parametrize("lose", [hung_up, pipe_closed, disk_full, asked_to_quit])
def test_a_sandbox_ends_whoever_looks_on(lose: Lose, tmp_path: Path) -> None:
    with opened(tmp_path, SPEC) as project:
        assert project.cloud.client("sts").get_caller_identity()
        lose(project, ("sandbox", "stop"), "sandbox")
        assert find(project.folder) is None
