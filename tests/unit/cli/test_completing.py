"""What the shell is offered for a name that has been begun."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.cli.project import SPEC
from tideform.cli.app import main


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tideform.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("_TIDEFORM_COMPLETE", "complete_bash")


def offered(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: str) -> list[str]:
    """As bash asks: the words so far, and which of them is being written."""
    monkeypatch.setenv("COMP_WORDS", f"tideform {words}")
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" "))))
    with pytest.raises(SystemExit):  # the option parser ends the process by itself
        main([])
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("burst run n", ["nightly"]),
        ("burst run x", []),
        ("plan --environment t", ["test"]),
        ("plan --environment dev --unit ", ["nightly"]),
        ("destroy --delete-data d", ["digits"]),
        ("output --environment dev s", []),
    ],
)
def test_names_of_the_spec_are_offered(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: str, names: list[str]
) -> None:
    assert offered(capsys, monkeypatch, words) == names


def test_a_spec_that_cannot_be_read_offers_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("tideform.yaml").write_text("version: [")
    assert offered(capsys, monkeypatch, "burst run n") == []
    assert os.listdir() == ["tideform.yaml"]  # noqa: PTH208  # and looks alone
