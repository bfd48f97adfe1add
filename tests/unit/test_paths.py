"""Folders of our own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tideform.errors import RefusedError
from tideform.paths import cache_dir, private_dir


def test_only_its_owner_can_enter(tmp_path: Path) -> None:
    assert private_dir(tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_file_in_its_place_is_told_and_no_bug(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    for path in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(RefusedError) as caught:
            private_dir(path)
        assert caught.value.diagnostics[0].code == "TD091"


def test_a_cache_in_the_home_of_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFORM_CACHE", "~nobody-of-that-name")
    with pytest.raises(RefusedError) as caught:
        cache_dir()
    assert caught.value.diagnostics[0].code == "TD091"
