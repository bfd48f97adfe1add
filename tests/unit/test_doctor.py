"""What doctor finds, needs, and tells to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.engine.test_acquire_find import fake_engine
from tideform.cli.app import main
from tideform.model.check import Check
from tideform.operations.doctor import checks, healthy
from tideform.views.doctor import as_data, render


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with an engine and nothing else."""
    monkeypatch.delenv("TIDEFORM_ENGINE", raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TIDEFORM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    fake_engine(tmp_path / "bin" / "pulumi", "echo v3.250.0")


def check(name: str, folder: Path) -> Check:
    return next(found for found in checks(folder) if found.name == name)


def test_a_machine_with_an_engine_is_ready(tmp_path: Path) -> None:
    assert healthy(checks(tmp_path))


def test_a_missing_engine_is_told_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "bin" / "pulumi").unlink()
    found = check("engine", tmp_path)
    assert (found.ok, found.fix) == (False, "Run `tideform doctor --install`.")


def test_a_wrong_variable_is_the_thing_to_correct(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFORM_ENGINE", "/nothing")
    assert check("engine", tmp_path).fix == "Unset TIDEFORM_ENGINE or correct it."


def test_what_only_aws_needs_does_not_make_a_machine_unready(tmp_path: Path) -> None:
    assert not check("aws credentials", tmp_path).ok
    assert healthy(checks(tmp_path))


def test_credentials_are_seen_without_asking_anyone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "team")
    assert check("aws credentials", tmp_path).found == "profile"


def test_a_workspace_that_others_can_enter_is_told_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / ".tideform").mkdir()
    (tmp_path / ".tideform").chmod(0o755)
    found = check("workspace", tmp_path)
    assert not found.ok and "chmod" in found.fix


def test_looking_changes_nothing(tmp_path: Path) -> None:
    checks(tmp_path / "project")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin"]


def test_the_table_has_a_line_for_each_check_and_a_fix_for_each_gap() -> None:
    text = render([Check("engine", False, "none", "Get one."), Check("git", True, "/usr/bin/git")])
    assert text.splitlines()[:3] == [
        "missing  engine  none",
        "                 Fix: Get one.",
        "ok       git     /usr/bin/git",
    ]


def test_the_data_says_the_same() -> None:
    data = as_data([Check("engine", False, "none", "Get one.")])
    assert data["ready"] is False
    assert data["checks"][0]["fix"] == "Get one."


def test_the_command_ends_with_1_when_something_needed_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bin" / "pulumi").unlink()
    assert main(["doctor", "--json", "--spec", str(tmp_path / "tideform.yaml")]) == 1
    assert json.loads(capsys.readouterr().out)["ready"] is False


def test_the_command_ends_with_0_when_ready(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--spec", str(tmp_path / "tideform.yaml")]) == 0
    assert "Ready for the local target." in capsys.readouterr().out
