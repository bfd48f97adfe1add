"""``tideform init``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tideform.cli.app import main
from tideform.diagnostics import errors_in
from tideform.errors import ExitCode
from tideform.spec.blueprints import available
from tideform.spec.load import validate


@pytest.mark.parametrize("blueprint", [b.name for b in available()])
def test_what_it_writes_is_valid(tmp_path: Path, blueprint: str) -> None:
    assert main(["init", str(tmp_path / "new"), "--blueprint", blueprint]) == ExitCode.OK
    assert errors_in(validate(tmp_path / "new" / "tideform.yaml").diagnostics) == []


def test_the_project_gets_its_name_and_keeps_its_comments(tmp_path: Path) -> None:
    assert main(["init", str(tmp_path), "--name", "my-project"]) == ExitCode.OK
    spec = tmp_path / "tideform.yaml"
    assert validate(spec).deployment.spec.project == "my-project"
    assert spec.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=tideform.schema.json")


def test_the_schema_stands_beside_the_spec(tmp_path: Path) -> None:
    main(["init", str(tmp_path)])
    assert (tmp_path / "tideform.schema.json").is_file()


def test_the_current_folder_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == ExitCode.OK
    assert (tmp_path / "tideform.yaml").is_file()


def test_it_says_what_to_do_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["init", str(tmp_path)])
    said = capsys.readouterr().out
    assert f"cd {tmp_path}" in said
    assert "tideform plan" in said


def test_nothing_is_overwritten_and_nothing_else_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "train.py").write_text("mine", encoding="utf-8")
    assert main(["init", str(tmp_path)]) == ExitCode.ERROR
    assert "TD225" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["train.py"]


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--blueprint", "quikstart"], "TD224"), (["--name", "My Project"], "TD104"), (["--name", "a" * 33], "TD104")],
)
def test_wrong_words_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: str) -> None:
    assert main(["init", str(tmp_path / "new"), *words]) == ExitCode.ERROR
    assert code in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["init", str(tmp_path / "file" / "new")]) == ExitCode.ERROR
    assert "TD227" in capsys.readouterr().err


def test_the_blueprints_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--list"]) == ExitCode.OK
    assert "quickstart " in capsys.readouterr().out


@pytest.mark.parametrize("folder", ["b" * 300, "x/" * 3000])
def test_a_folder_that_no_system_takes_is_an_error_with_a_fix(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", folder]) == ExitCode.ERROR
    told = capsys.readouterr().err
    assert "TD227" in told
    assert "Fix:" in told
