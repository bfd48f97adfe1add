"""Every command that looks at what stands, or changes it, first sees that it stands where the spec says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_architecture import MODULES, calls, name_of, within
from tests.unit.cli.project import enter
from tideform.cli.app import main
from tideform.cli.common import load_standing

COMMANDS = [
    "status",
    "output",
    "jobs",
    "jobs nightly",
    "jobs cancel nightly-aa11 --yes",
    "logs nightly",
    "logs nightly-aa11",
    "burst run nightly",
    "burst run nightly --detach",
    "burst up nightly",
    "burst down nightly",
    "burst status",
    "burst watch nightly",
    "burst extend nightly 1h",
    "burst shell nightly",
    "burst reap",
]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was applied stands in eu-west-1; the spec says us-east-1."""
    enter(tmp_path, monkeypatch)
    provider = {"urn": "urn:aws", "type": "pulumi:providers:aws", "custom": True, "inputs": {"region": "eu-west-1"}}
    bucket = {"urn": "urn:bucket", "type": "aws:s3/bucket:Bucket", "custom": True}
    file = tmp_path / ".tideform/dev/state/.pulumi/stacks/tideform-storage/quickstart-dev.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": [provider, bucket]}}}))


@pytest.mark.parametrize("command", COMMANDS)
def test_what_stands_elsewhere_is_told_before_anything_else(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command.split(), "-e", "dev"]) in (1, 101)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error[TD418]")
    assert not (tmp_path / ".tideform/sandbox").exists()


def test_a_state_that_cannot_be_read_is_told_and_holds_up_no_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = next((tmp_path / ".tideform/dev/state").rglob("quickstart-dev.json"))
    file.unlink()
    file.mkdir()
    assert load_standing(tmp_path / "tideform.yaml", "dev").environment == "dev"
    assert capsys.readouterr().err.startswith("warning[TD")


def test_no_command_on_bursts_loads_its_spec_in_another_way() -> None:
    reaching = {"cloud_for", "session_for", "every_run", "as_it_stands"}
    commands = [path for path in MODULES if within(name_of(path), ("cli",)) and calls(path) & reaching]
    assert {name_of(path) for path in commands if "load_deployment" in calls(path)} == set()
