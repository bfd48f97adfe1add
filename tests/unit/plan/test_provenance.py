"""What a plan is made of."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tideform.operations.provenance import commit


def test_outside_of_git_there_is_no_commit(tmp_path: Path) -> None:
    assert commit(tmp_path) == ""


def test_a_folder_that_is_not_there_has_no_commit(tmp_path: Path) -> None:
    assert commit(tmp_path / "absent") == ""


def test_without_git_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit(tmp_path) == ""


def test_the_commit_is_the_one_checked_out(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    assert len(commit(tmp_path)) == 40
