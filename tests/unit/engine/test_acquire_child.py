"""Long commands: their output as it comes, their deadline, and nothing left behind."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tideform.engine.acquire import child, download
from tideform.engine.acquire.find import UnusableError
from tideform.state.processes import VARIABLE, processes_of


def test_lines_come_in_order_from_both_streams_and_go_to_the_log() -> None:
    log = io.StringIO()
    lines: list[str] = []
    child.run(["sh", "-c", "echo one; echo two >&2; echo three"], seconds=30, log=log, on_line=lines.append)
    assert lines == log.getvalue().splitlines() == ["one", "two", "three"]


def test_a_failure_is_told_by_its_last_line() -> None:
    with pytest.raises(UnusableError, match="no such module"):
        child.run(["sh", "-c", "echo trying; echo no such module; exit 1"], seconds=30, log=io.StringIO())


def test_a_command_that_is_not_there_is_told() -> None:
    with pytest.raises(UnusableError, match="does not start"):
        child.run(["/nothing/here"], seconds=30, log=io.StringIO())


def test_a_command_that_takes_too_long_ends_with_all_it_started() -> None:
    env = {VARIABLE: "too-long", "PATH": "/usr/bin:/bin"}
    with pytest.raises(UnusableError, match="no answer within"):
        child.run(["sh", "-c", "sleep 600 & wait"], seconds=0.2, log=io.StringIO(), env=env)
    assert processes_of("too-long") == set()


def test_a_vendor_that_cannot_be_reached_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # discard: refuses at once
    with pytest.raises(UnusableError, match="cannot be reached"):
        download.install(tmp_path, lambda _: None)
