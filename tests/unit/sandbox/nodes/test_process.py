"""A job's command and whatever it starts: its exit code is told, and nothing of it is left."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from tests.unit.sandbox.waiting import until
from tideform.process import alive
from tideform_sandbox.nodes.process import RunningCommand

# The daemon leaves its session, its parent and its signals behind, and keeps the output open.
DAEMON = "setsid sh -c 'trap \"\" TERM HUP; echo $$ > daemon; sleep 600 & wait; sleep 600' &"
WAIT = "while [ ! -s daemon ]; do sleep 0.05; done;"


class Job:
    """One started command; ``code`` is there once it has ended."""

    def __init__(self, folder: Path, script: str) -> None:
        self.folder = folder
        self.code: int | None = None
        self.lines: list[str] = []
        self._ended = threading.Event()
        self.command = RunningCommand(
            ["sh", "-c", script],
            environment={"PATH": os.environ["PATH"]},
            folder=folder,
            on_line=self.lines.append,
            on_exit=self._exited,
        )

    def _exited(self, code: int) -> None:
        self.code = code
        self._ended.set()

    def ended(self) -> int | None:
        assert self._ended.wait(120), "the end was never told"
        return self.code

    def daemon(self) -> int:
        file = self.folder / "daemon"
        until(lambda: file.exists() and file.read_text().strip())
        return int(file.read_text())


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("exit 0", 0),
        ("exit 7", 7),
        ("kill -9 $$; sleep 600", 137),
        ("kill -9 $PPID; sleep 600", 137),
        ("kill -TERM $PPID; sleep 600", 143),
    ],
)
def test_a_daemon_goes_with_its_job_however_that_ends(tmp_path: Path, end: str, code: int) -> None:
    job = Job(tmp_path, f"echo works; {DAEMON} {WAIT} {end}")
    daemon = job.daemon()
    assert (job.ended(), job.lines) == (code, ["works"])
    until(lambda: not alive(daemon))


def test_a_job_that_stops_its_supervisor_ends_all_the_same(tmp_path: Path) -> None:
    job = Job(tmp_path, f"{DAEMON} {WAIT} kill -STOP $PPID; sleep 600")
    daemon = job.daemon()
    until(lambda: " T " in Path(f"/proc/{job.command.pid}/stat").read_text())
    job.command.kill()
    assert job.ended() == 137
    until(lambda: not alive(daemon))


COUNTS = "trap 'echo asked' TERM; while :; do sleep 0.05; echo on; done"


def goes_on(job: Job) -> None:
    """Wait until it has had the time to hear what it was told."""
    said = job.lines.count("on")
    until(lambda: job.lines.count("on") > said + 2)


def test_a_job_is_asked_to_end_once_however_often_that_is_said(tmp_path: Path) -> None:
    job = Job(tmp_path, COUNTS)
    for _ in range(3):
        goes_on(job)
        job.command.terminate()
    goes_on(job)
    job.command.kill()
    assert (job.ended(), job.lines.count("asked")) == (137, 1)


def test_a_container_is_asked_to_end_once_however_that_is_said(tmp_path: Path) -> None:
    job = Job(tmp_path, f'setsid sh -c "{COUNTS}" & wait')
    for ask in (job.command.stop, job.command.cut, job.command.stop):
        goes_on(job)
        ask()
    goes_on(job)
    job.command.kill()
    assert (job.ended(), job.lines.count("asked")) == (137, 1)


def test_a_job_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    job = Job(tmp_path, f"trap '' TERM; {DAEMON} {WAIT} while :; do sleep 1; done")
    daemon = job.daemon()
    job.command.terminate()
    job.command.kill()
    assert job.ended() == 128 + signal.SIGKILL
    until(lambda: not alive(daemon))
