"""``tideform schema``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tideform.cli.app import main
from tideform.errors import ExitCode
from tideform.spec.schema import json_schema


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out) == json_schema()


def test_the_schema_is_written(tmp_path: Path) -> None:
    assert main(["schema", "--out", str(tmp_path / "s.json")]) == ExitCode.OK
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8")) == json_schema()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--out", str(tmp_path / "no" / "s.json")]) == ExitCode.ERROR
    assert "TD227" in capsys.readouterr().err
