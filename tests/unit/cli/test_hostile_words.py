"""Whatever the command line names as a file, a pool or an environment: a command ends in time, and is no defect."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.cli.hostile import survives

SPEC = "version: 1\nproject: p\nowner: me\nregion: us-east-1\nenvironments: {dev: {target: local}}\n"
PATHS = [
    "", " ", ".", "..", "/", "dir", "fifo", "/dev/null", "/dev/zero", "/dev/full", "/dev/stdin", "/proc/self/mem",
    "bytes", "bad\udcff\udcfename", "gone\udc80", "empty", "closed", "loop", "dangling", "tozero", "todir", "a" * 300,
    "a/" * 3000 + "b", "tideform.yaml/x", "~nobody/x", "nul\0byte", "new\nline", "-", "good\u202e", "s3://x",
    "\x1b[31m", "/nonexistent/dir/file",
]  # fmt: skip
COMMANDS = [
    ["validate", "--spec"], ["validate", "-e"], ["schema", "--out"], ["explain"], ["explain", "--spec"],
    ["doctor", "--spec"], ["status", "--spec"], ["apply", "--yes"], ["plan", "--offline", "--spec"], ["init"],
    ["init", "made", "--blueprint"], ["sandbox", "stop", "--spec"], ["burst", "run"], ["burst", "down"], ["logs"],
    ["jobs"], ["sandbox", "clock", "--advance"],
]  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with one file of every kind beside it, and no sandbox that anything could start."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("tideform.connect.cloud_for", refuse)
    (tmp_path / "tideform.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "dir").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "bytes").write_bytes(bytes(range(256)) * 10)
    Path(os.fsdecode(bytes(tmp_path) + b"/bad\xff\xfename")).write_text(SPEC, encoding="utf-8")
    (tmp_path / "empty").touch()
    (tmp_path / "closed").touch(mode=0o000)
    for link, to in {"loop": "loop", "dangling": "nowhere", "tozero": "/dev/zero", "todir": "dir"}.items():
        (tmp_path / link).symlink_to(to)
    yield tmp_path
    (tmp_path / "closed").chmod(0o600)


def refuse(*_: object) -> object:
    from tideform.errors import SandboxError

    raise SandboxError.of("TD500", "The sandbox is not for this test")


@pytest.mark.parametrize("path", PATHS, ids=ascii)
def test_a_name_of_any_kind_of_file_or_of_none_is_no_defect(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        survives([*command, path], capsys)


@given(st.text(max_size=40))
@settings(max_examples=25, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_no_defect(capsys: pytest.CaptureFixture[str], text: str) -> None:
    for command in (["validate", "--spec"], ["explain"], ["burst", "run"], ["schema", "--out"], ["validate", "-e"]):
        survives([*command, text], capsys)
