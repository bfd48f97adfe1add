"""A good spec made wrong is told so, or is good still: `validate` comes to an end, and never as a defect of ours."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.unit.cli.hostile import survives
from tests.unit.spec.mutations import HARMFUL, mutated

_OURS = HealthCheck.function_scoped_fixture
_BUSY = 30.0  # seconds of processor time; all of these take less than one


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIDEFORM_ENVIRONMENT", raising=False)
    return tmp_path


@pytest.mark.parametrize("name", HARMFUL)
def test_a_text_that_harms_readers_of_yaml_is_refused_soon(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "tideform.yaml").write_text(HARMFUL[name], encoding="utf-8")
    began = time.process_time()
    survives(["validate"], capsys)
    assert time.process_time() - began < _BUSY


@given(mutated())
@settings(max_examples=60, derandomize=True, suppress_health_check=[_OURS])
def test_a_spec_with_changed_nodes_is_no_defect(folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (folder / "tideform.yaml").write_text(text, encoding="utf-8", errors="surrogatepass")
    survives(["validate"], capsys)
