"""A project's folder, the command line run in it as real processes, and its sandbox as boto3 sees it.

with opened(tmp_path, SPEC) as project:
    assert project.run("apply", "--yes").returncode == 0
    burst = project.start("burst", "run", "fit")
    burst.says("Running")
    burst.signal(signal.SIGINT)
    assert burst.ended() == 130
    assert project.instances() == []
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tideform.cloud import Cloud
from tideform.connect import cloud_for
from tideform.local.client import stop
from tideform.paths import Workspace as Folder
from tideform.spec.deployment import Deployment
from tideform.spec.load import load

REPOSITORY = str(Path(__file__).parents[2])
TIDEFORM = str(Path(sys.executable).parent / "tideform")
PATIENCE = 120.0  # seconds; a condition that takes longer on a busy machine will not come any more
_LOOK = 0.05  # seconds between two looks at a condition
_BILLED = ("pending", "running", "stopping", "stopped", "shutting-down")


def until(condition: Callable[[], object], what: str, *, seconds: float = PATIENCE) -> None:
    """Return as soon as the condition holds; fail with ``what`` when it did not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds:.0f} s: {what}"
        time.sleep(_LOOK)


def hourly(minutes: int) -> str:
    """Each hour at a minute that many ahead of now: whatever o'clock it is, none comes while a project is applied."""
    return f"cron({(datetime.now(UTC) + timedelta(minutes=minutes)).minute} * * * ? *)"


@dataclass(frozen=True)
class Running:
    """A command that was started, in a process group of its own as under a terminal; its output goes to files."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    @property
    def stdout(self) -> str:
        """What it has printed so far."""
        return self.out.read_text(encoding="utf-8", errors="replace")

    @property
    def stderr(self) -> str:
        """What it has remarked so far."""
        return self.err.read_text(encoding="utf-8", errors="replace")

    def says(self, text: str) -> None:
        """Wait until it has printed or remarked ``text``; fail when it ended, or took too long, without."""
        until(lambda: self._said(text) or self.process.poll() is not None, f"{text!r} in {self.stderr}")
        assert self._said(text), f"it ended without saying {text!r}: {self.stderr}"

    def signal(self, number: signal.Signals, *, group: bool = False) -> None:
        """Signal the command alone, or everything in its process group, as Ctrl-C in a terminal does."""
        (os.killpg if group else os.kill)(self.process.pid, number)

    def ended(self) -> int:
        """Wait for its end; its exit code, negative for the signal that killed it."""
        return self.process.wait(PATIENCE)

    def _said(self, text: str) -> bool:
        return text in self.stdout or text in self.stderr


@dataclass(frozen=True)
class Workspace:
    """One folder with a spec. ``environ`` is set for its commands beside the environment of the tests."""

    root: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    started: list[Running] = field(default_factory=list)

    @property
    def spec(self) -> Path:
        """The spec file; tests write it anew to change the project."""
        return self.root / "tideform.yaml"

    @property
    def folder(self) -> Folder:
        """Where its state and its sandbox are."""
        return Folder(self.root)

    @property
    def deployment(self) -> Deployment:
        """The spec as it is now, in its only environment."""
        return load(self.spec, None).deployment

    @property
    def cloud(self) -> Cloud:
        """Clients of the sandbox; it is started if it does not run."""
        return cloud_for(self.deployment)

    def run(self, *args: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [TIDEFORM, *args],
            cwd=self.root,
            env={**os.environ, **self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
            check=False,
        )

    def start(self, *args: str, program: Sequence[str] = (TIDEFORM,), **environ: str) -> Running:
        """Start a command and let it run; `opened` kills it at the end if it still does."""
        files = [self.root / f"{len(self.started)}.{name}" for name in ("out", "err")]
        with files[0].open("wb") as out, files[1].open("wb") as err:
            process = subprocess.Popen(
                [*program, *args],
                cwd=self.root,
                env={**os.environ, **self.environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                process_group=0,
            )
        running = Running(process, *files)
        self.started.append(running)
        return running

    def start_by(self, module: str, *args: str, **environ: str) -> Running:
        """Start the command line by a module of the tests, such as `tests.faults.killed_at`."""
        return self.start(*args, program=(sys.executable, "-m", module), PYTHONPATH=REPOSITORY, **environ)

    def instances(self) -> list[dict[str, Any]]:
        """Every instance in the account that is not terminated, whoever it belongs to."""
        states = [{"Name": "instance-state-name", "Values": list(_BILLED)}]
        found = self.cloud.client("ec2").describe_instances(Filters=states)["Reservations"]
        return [instance for reservation in found for instance in reservation["Instances"]]


@contextmanager
def opened(root: Path, spec: str, **environ: str) -> Iterator[Workspace]:
    """A workspace with this spec; at the end its commands are killed and its sandbox is stopped."""
    workspace = Workspace(root, environ)
    workspace.spec.write_text(spec, encoding="utf-8")
    try:
        yield workspace
    finally:
        for running in workspace.started:
            with suppress(ProcessLookupError):  # it and all that it started have ended, as they should
                os.killpg(running.process.pid, signal.SIGKILL)
            running.process.wait()
        stop(workspace.folder)


@contextmanager
def applied(root: Path, spec: str, **environ: str) -> Iterator[Workspace]:
    """An opened workspace whose spec has been applied."""
    with opened(root, spec, **environ) as workspace:
        done = workspace.run("apply", "--yes")
        assert done.returncode == 0, done.stderr
        yield workspace
