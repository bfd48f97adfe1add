"""What a job sees of its checkpoints: when to save, who saves, and wishes that are answered once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tideform.checkpoint import Checkpoints
from tideform.checkpoint.contract import SAVE_NOW, SAVED, WRAPPED


@pytest.fixture(autouse=True)
def wrapped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(WRAPPED, "1")  # else the signal handler of this very process would be taken
    yield


def save(checkpoints: Checkpoints, step: int) -> None:
    checkpoints.save(step, lambda path: path.write_text(str(step)))


def test_it_is_time_when_the_interval_is_over(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path, every=0).should_save()
    assert not Checkpoints(tmp_path, every=3600).should_save()


def test_a_save_begins_the_interval_anew(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, every=3600)
    checkpoints._last -= 3601
    assert checkpoints.should_save()
    save(checkpoints, 1)
    assert not checkpoints.should_save()


def test_a_wish_is_answered_once(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, every=3600)
    (tmp_path / SAVE_NOW).write_text("the market wants it back")
    asked = checkpoints.should_save()
    save(checkpoints, 1)
    assert (asked, checkpoints.should_save()) == (True, False)
    assert (tmp_path / SAVED).read_text() == "the market wants it back"


def test_another_wish_is_another_reason(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path, every=3600)
    for wish in ("first", "second"):
        (tmp_path / SAVE_NOW).write_text(wish)
        assert checkpoints.should_save()
        save(checkpoints, 1)


def test_only_the_first_rank_saves_and_all_find_it(tmp_path: Path) -> None:
    first, other = Checkpoints(tmp_path, rank=0, every=0), Checkpoints(tmp_path, rank=1, every=0)
    assert not other.should_save()
    assert other.save(5, lambda path: path.write_text("")) is None
    save(first, 4)
    assert first.latest() == other.latest() != None  # noqa: E711  # one comparison tells both


@pytest.mark.parametrize("variable", ["RANK", "TIDEFORM_NODE_RANK", "AWS_BATCH_JOB_NODE_INDEX"])
def test_the_rank_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "3")
    assert Checkpoints(tmp_path).rank == 3


def test_the_folder_and_the_interval_are_those_of_the_burst(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFORM_CHECKPOINT_DIR", str(tmp_path / "here"))
    monkeypatch.setenv("TIDEFORM_CHECKPOINT_SECONDS", "90")
    checkpoints = Checkpoints()
    assert (checkpoints.path, checkpoints.every) == (tmp_path / "here", 90.0)


def test_without_a_wrapper_sigterm_waits_for_the_next_checkpoint(tmp_path: Path) -> None:
    program = f"""
import os, signal
from tideform.checkpoint import Checkpoints
checkpoints = Checkpoints({str(tmp_path)!r}, every=3600)
os.kill(os.getpid(), signal.SIGTERM)
assert checkpoints.should_save()
checkpoints.save(1, lambda path: path.write_text("saved"))
print("not reached")
"""
    environ = {name: value for name, value in os.environ.items() if name != WRAPPED}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True)
    found = Checkpoints(tmp_path).latest()
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, ""), done.stderr
    assert found is not None


def test_a_job_loads_nothing_but_the_standard_library(tmp_path: Path) -> None:
    program = "import sys, tideform.checkpoint\nprint(*sorted({n.partition('.')[0] for n in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append('src')\n{program}"],
                            capture_output=True, text=True, check=True).stdout.split()  # fmt: skip
    assert {name for name in loaded if name not in sys.stdlib_module_names} <= {"tideform", "__main__"}
