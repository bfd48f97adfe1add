"""Telling a living process from a dead one, and from another of the same number."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace

import pytest

from tideform.process import Process, alive, user


def test_the_running_process_is_ours_and_lives() -> None:
    assert Process.current().is_ours and not Process.current().known_dead


def test_an_ended_process_is_known_dead() -> None:
    with subprocess.Popen(["sleep", "600"]) as child:
        process = Process.of(child.pid)
        child.kill()
    assert process.known_dead


def test_a_process_that_nobody_has_waited_for_is_dead_all_the_same() -> None:
    with subprocess.Popen(["true"], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.read()  # ends when the process does
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not alive(child.pid)


def test_a_number_that_was_used_again_is_another_process() -> None:
    assert replace(Process.current(), started=1).known_dead


@pytest.mark.parametrize("other", [{"host": "elsewhere"}, {"boot": "earlier"}, {"namespace": "pid:[1]"}])
def test_a_process_out_of_sight_is_never_known_dead(other: dict[str, str]) -> None:
    stranger = replace(Process.current(), pid=2**22 + 1, **other)  # type: ignore[arg-type]
    assert not stranger.known_dead


def test_a_process_is_read_back_as_it_was_written() -> None:
    assert Process.from_record(Process.current().as_record()) == Process.current()


def test_a_pipeline_says_who_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFORM_OWNER", "pipeline 7")
    assert user() == "pipeline 7"
