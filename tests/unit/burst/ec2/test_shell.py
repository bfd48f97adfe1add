"""Shells on nodes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.sandbox.waiting import lives, until
from tests.unit.stacks.collecting import deployment_of
from tideform.burst.ssm_shell import shell_command, shell_environment
from tideform.cloud import Cloud
from tideform.errors import RefusedError
from tideform.local import client
from tideform.paths import Workspace
from tideform.spec.deployment import Deployment
from tideform.spec.project import Environment

SPEC = {"version": 1, "project": "desk", "owner": "ml@example.com", "region": "us-east-1"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    workspace = Workspace(tmp_path_factory.mktemp("workspace"))
    yield Cloud("us-east-1", "123456789012", credentials=client.ensure(workspace).credentials)
    client.stop(workspace)


@pytest.fixture
def instance(cloud: Cloud) -> str:
    made = cloud.client("ec2").run_instances(ImageId="ami-0ec50a11d3b25e1a4", MinCount=1, MaxCount=1)
    return str(made["Instances"][0]["InstanceId"])


def opened(cloud: Cloud, deployment: Deployment, instance: str) -> subprocess.Popen[str]:
    environ = {**os.environ, **shell_environment(cloud, instance), "SHELL": "/bin/sh"}
    command = shell_command(cloud, deployment, "pair", instance)
    return subprocess.Popen(
        command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_local_shell_knows_its_node_and_tells_its_exit_code(cloud: Cloud, tmp_path: Path, instance: str) -> None:
    with opened(cloud, deployment_of(SPEC, tmp_path), instance) as shell:
        out, _ = shell.communicate("echo $TIDEFORM_NODE; exit 3\n", timeout=60)
    assert (out, shell.returncode) == (f"{instance}\n", 3)


def test_a_local_shell_ends_with_its_node_and_with_it_what_runs_in_it(
    cloud: Cloud, tmp_path: Path, instance: str
) -> None:
    with opened(cloud, deployment_of(SPEC, tmp_path), instance) as shell:
        assert shell.stdin is not None and shell.stdout is not None
        shell.stdin.write("sleep 300 & echo $!; wait\n")
        shell.stdin.flush()
        pid = int(shell.stdout.readline())
        cloud.client("ec2").terminate_instances(InstanceIds=[instance])
        until(lambda: shell.poll() is not None, timeout=60)
        until(lambda: not lives(pid))


def aws(tmp_path: Path) -> Deployment:
    local = deployment_of(SPEC, tmp_path)
    settings = Environment(target="aws", account="123456789012", state="s3://state", region="eu-west-1")
    return Deployment(local.spec, "prod", settings, local.spec_file, local.digest)


def test_on_aws_it_is_a_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("aws", "session-manager-plugin"):
        (tmp_path / name).symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    command = shell_command(Cloud("eu-west-1", "123456789012"), aws(tmp_path), "pair", "i-0a")
    assert command == ["aws", "ssm", "start-session", "--target", "i-0a", "--region", "eu-west-1"]


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RefusedError) as raised:
        shell_command(Cloud("eu-west-1", "123456789012"), aws(tmp_path), "pair", "i-0a")
    assert "needs aws" in raised.value.diagnostics[0].detail
