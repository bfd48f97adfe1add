from __future__ import annotations

import json
from pathlib import Path

import pytest

from tideform.errors import LockedError, SandboxError
from tideform.local import client
from tideform.paths import Workspace
from tideform.state import boot

_STACK = {"type": "pulumi:pulumi:Stack", "urn": "urn:root"}
_BUCKET = {"type": "aws:s3/bucket:Bucket", "urn": "urn:bucket"}


def _applied(workspace: Workspace, *resources: dict[str, str], environment: str = "dev") -> None:
    """A state as Pulumi's file backend leaves it, applied to the boot ``first``."""
    stacks = workspace.state(environment) / ".pulumi" / "stacks" / "tideform-storage"
    stacks.mkdir(parents=True)
    checkpoint = {"checkpoint": {"latest": {"resources": list(resources)}}}
    (stacks / "demo-dev.json").write_text(json.dumps(checkpoint))
    boot.remember(workspace, environment, "first")


@pytest.fixture
def own(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_a_state_of_the_running_sandbox_is_fine(own: Workspace) -> None:
    _applied(own, _STACK, _BUCKET)
    boot.check(own, "dev", "first")


@pytest.mark.parametrize("running", ["second", None])
def test_a_state_whose_sandbox_is_gone_is_refused_with_the_way_out(own: Workspace, running: str | None) -> None:
    _applied(own, _STACK, _BUCKET)
    with pytest.raises(SandboxError) as raised:
        boot.check(own, "dev", running)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "TD501"
    assert "tideform sandbox reset" in diagnostic.fix


def test_an_empty_state_needs_no_sandbox(own: Workspace) -> None:
    _applied(own, _STACK)
    boot.check(own, "dev", "second")


def test_an_environment_never_applied_is_fine(own: Workspace) -> None:
    boot.check(own, "dev", "second")


def test_checking_asks_the_sandbox_that_runs(own: Workspace) -> None:
    _applied(own, _STACK, _BUCKET)
    with pytest.raises(SandboxError):
        client.check_boot(own, "dev")


def test_a_reset_throws_local_states_away_and_keeps_logs(own: Workspace) -> None:
    _applied(own, _STACK, _BUCKET)
    log = own.logs("dev") / "run.log"
    log.write_text("what happened")
    (own.program("dev", "storage") / "Pulumi.yaml").write_text("name: tideform-storage")
    assert client.reset(own) == ("dev",)
    assert boot.is_empty(own.state("dev"))
    assert not (own.environment("dev") / "storage").exists()
    assert log.exists()
    boot.check(own, "dev", "second")


def test_a_reset_leaves_environments_of_other_targets_alone(own: Workspace) -> None:
    settings = own.program("prod", "storage") / "Pulumi.demo-prod.yaml"
    settings.write_text("encryptionsalt: v1")
    assert client.reset(own) == ()
    assert settings.exists()


def test_a_reset_is_refused_while_a_run_holds_an_environment(own: Workspace) -> None:
    _applied(own, _STACK, _BUCKET)
    with boot.held_states(own), pytest.raises(LockedError):
        client.reset(own)
    assert not boot.is_empty(own.state("dev"))
