"""The kernel's lock, between processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tideform.flock import StillHeldError, exclusive

HOLD = """
import sys
from pathlib import Path
from tideform.flock import exclusive
with exclusive(Path(sys.argv[1]), words="ann"):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    """A process that holds the lock until its standard input ends."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    child.stdout.readline()
    return child


def test_one_who_waits_hears_who_holds_it(tmp_path: Path) -> None:
    heard: list[str] = []
    with holder(tmp_path / "lock") as other:
        assert other.stdin is not None

        def on_wait(words: str) -> None:
            heard.append(words)
            other.communicate()

        with exclusive(tmp_path / "lock", on_wait=on_wait):
            assert heard == ["ann"]


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    heard: list[str] = []
    with holder(tmp_path / "lock") as other:
        other.kill()
        other.wait()
        with exclusive(tmp_path / "lock", on_wait=heard.append):
            assert heard == []


def test_it_is_free_again_after_a_failure(tmp_path: Path) -> None:
    heard: list[str] = []
    try:
        with exclusive(tmp_path / "lock", words="ann"):
            raise ValueError
    except ValueError:
        with exclusive(tmp_path / "lock", on_wait=heard.append):
            assert heard == []


def test_patience_has_an_end_and_names_the_holder(tmp_path: Path) -> None:
    with holder(tmp_path / "lock") as other:
        with pytest.raises(StillHeldError, match=r"^ann$"), exclusive(tmp_path / "lock", patience=0.2):
            pass
        other.communicate("")


def test_whoever_lets_go_in_time_is_waited_for(tmp_path: Path) -> None:
    with holder(tmp_path / "lock") as other, exclusive(tmp_path / "lock", patience=60, on_wait=lambda _: other.kill()):
        assert other.wait() == -9
