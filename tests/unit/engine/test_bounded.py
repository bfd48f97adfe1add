"""An engine that hangs, or prints for ever, after it has told its version is ended; any other is left alone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pulumi.automation import CommandError

from tests.unit.sandbox.waiting import until
from tideform.engine import bounded
from tideform.engine.bounded import BoundedCommand
from tideform.errors import EngineError
from tideform.process import alive


def engine(folder: Path, script: str) -> BoundedCommand:
    file = folder / "pulumi"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    return BoundedCommand(file, "3.250.0")


def run(command: BoundedCommand, folder: Path) -> tuple[str, list[str]]:
    lines: list[str] = []
    return command.run(["preview", "--json"], str(folder), {}, lines.append).stdout, lines


def refusal(command: BoundedCommand, folder: Path) -> str:
    with pytest.raises(EngineError) as caught:
        run(command, folder)
    (said,) = caught.value.diagnostics
    assert said.code == "TD450"
    return said.detail


def test_one_that_says_nothing_is_ended_with_all_that_it_has_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "SILENCE", 0.2)
    began = time.monotonic()
    said = refusal(engine(tmp_path, f"sleep 600 & echo $! > {tmp_path}/child; wait"), tmp_path)
    assert said.startswith("`pulumi preview --json` has said nothing")
    assert time.monotonic() - began < 60
    child = int((tmp_path / "child").read_text(encoding="utf-8"))
    until(lambda: not alive(child))


@pytest.mark.parametrize("script", ["exec yes", "yes | tr -d '\\n'", "exec yes >&2"])
def test_one_that_prints_for_ever_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(bounded, "MOST", 1024 * 1024)
    assert "has printed more than 1 MiB" in refusal(engine(tmp_path, script), tmp_path)


def test_one_that_has_begun_may_be_silent_for_as_long_as_it_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = engine(tmp_path, "echo Previewing; sleep 2; echo done")
    lines: list[str] = []

    def heard(line: str) -> None:
        monkeypatch.setattr(bounded, "SILENCE", 0.0)
        lines.append(line)

    command.run(["preview"], str(tmp_path), {}, heard)
    assert lines == ["Previewing", "done"]


MUCH = "yes | head -c 4000000"  # more than a pipe holds


@pytest.mark.parametrize("where", ["", " >&2"], ids=["output", "errors"])
def test_one_whose_listener_fails_comes_to_its_end_and_the_failure_is_raised(tmp_path: Path, where: str) -> None:
    def closed(_: str) -> None:
        raise ValueError("I/O operation on closed file")

    command = engine(tmp_path, f"({MUCH}){where}; touch {tmp_path}/ended")
    with pytest.raises(ValueError, match="closed file"):
        command.run(["up"], str(tmp_path), {}, closed, closed)
    assert (tmp_path / "ended").exists()


def test_its_own_failure_is_told_before_that_of_a_listener(tmp_path: Path) -> None:
    def closed(_: str) -> None:
        raise ValueError("I/O operation on closed file")

    with pytest.raises(CommandError, match="no such stack"):
        engine(tmp_path, "echo no such stack >&2; exit 255").run(["up"], str(tmp_path), {}, closed, closed)


def test_its_failure_is_told_as_by_the_sdk(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no such stack"):
        run(engine(tmp_path, "echo no such stack >&2; exit 255"), tmp_path)


def test_it_gets_the_words_as_by_the_sdk(tmp_path: Path) -> None:
    assert run(engine(tmp_path, 'echo "$@"; echo "$PULUMI_AUTOMATION_API"'), tmp_path)[1] == [
        "--non-interactive preview --json",
        "true",
    ]
