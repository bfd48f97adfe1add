"""Disks without room: told before anything starts, and no bug."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

import pytest

from tideform import room
from tideform.cli.boundary import guarded
from tideform.errors import RefusedError
from tideform.room import require_room


def test_where_there_is_room_nothing_is_said_and_nothing_left(tmp_path: Path) -> None:
    require_room(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_too_little_room_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "FLOOR", 1 << 62)
    with pytest.raises(RefusedError, match="There is no room to write"):
        require_room(tmp_path)


def test_a_limit_that_only_writing_shows_is_refused(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(RefusedError) as told:
            require_room(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert told.value.diagnostics[0].code == "TD093"


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "TD093"), (errno.EDQUOT, "TD093"), (errno.EROFS, "TD094")])
def test_a_disk_that_refuses_in_the_middle_is_no_bug(
    number: int, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def run() -> None:
        raise OSError(number, os.strerror(number), "lock.json")

    assert guarded(run) == 1
    said = capsys.readouterr().err
    assert (f"error[{code}]" in said, "lock.json" in said) == (True, True)


def test_a_bug_that_cannot_be_logged_is_told_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", full)

    def run() -> None:
        raise KeyError("what")

    assert guarded(run) == 1
    assert "these words" in capsys.readouterr().err
