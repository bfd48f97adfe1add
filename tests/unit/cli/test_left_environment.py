"""An environment that left the spec while it stands can be looked at and taken down; nothing can be brought into it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.project import World, enter
from tideform.cli.app import main
from tideform.cli.common import load_ending

BUCKET = {"urn": "urn:bucket", "type": "aws:s3/bucket:Bucket", "custom": True}


@pytest.fixture(autouse=True)
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The environment ``gone`` stands, and the spec has dev and test alone."""
    made = enter(tmp_path, monkeypatch)
    file = tmp_path / ".tideform/gone/state/.pulumi/stacks/tideform-storage/quickstart-gone.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": [BUCKET]}}}))
    return made


def test_it_can_be_destroyed(world: World) -> None:
    assert main(["destroy", "-e", "gone", "--yes"]) == 0
    assert len(world.destroyed) == 1


def test_it_is_loaded_with_what_it_stood_with(tmp_path: Path) -> None:
    found = load_ending(tmp_path / "tideform.yaml", "gone")
    assert (found.name, found.target) == ("quickstart-gone", "local")


@pytest.mark.parametrize("command", ["plan", "apply --yes", "burst run nightly", "burst up nightly"])
def test_nothing_is_brought_into_it(command: str, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), "-e", "gone"]) in (1, 101)
    assert "error[TD110]" in capsys.readouterr().err
    assert world.asked == {}


def test_one_that_does_not_stand_is_unknown_as_ever(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["destroy", "-e", "other", "--yes"]) == 1
    assert "error[TD110]" in capsys.readouterr().err


def test_the_status_of_another_tells_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status"]) == 0
    assert "warning[TD420]" in capsys.readouterr().err


def test_a_destroy_of_another_tells_of_it_and_says_that_its_receipt_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["destroy", "--yes"]) == 0
    told = capsys.readouterr()
    assert "warning[TD420]" in told.err
    assert "quickstart-gone is not in it, and stands: 1 resource." in told.out


def test_a_destroy_of_one_unit_says_nothing_of_other_environments(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["destroy", "--yes", "--unit", "nightly"]) == 0
    assert "quickstart-gone" not in capsys.readouterr().out


def test_its_status_says_that_a_destroy_takes_it_down_and_speaks_of_no_apply(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["status", "-e", "gone"]) == 0
    said = capsys.readouterr().out
    assert "no longer in the spec: `destroy -e gone` takes it down" in said
    assert "apply" not in said


def test_the_spec_is_not_said_to_judge_it(tmp_path: Path) -> None:
    assert load_ending(tmp_path / "tideform.yaml", "gone").left
    assert not load_ending(tmp_path / "tideform.yaml", "dev").left
