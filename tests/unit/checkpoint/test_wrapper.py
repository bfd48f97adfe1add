"""The wrapper around a job's command: it brings back, sends on, asks for checkpoints, and passes exit codes on."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.unit.checkpoint.metadata import served
from tideform.checkpoint.folder import Folder
from tideform.checkpoint.mirror import Mirror
from tideform.cloud import Cloud
from tideform.components.jobs.command import swept
from tideform.reaper.tell import ask_to_save

WRAP = (sys.executable, "-m", "tideform.checkpoint", "--", sys.executable, "-u", "-c")
TRAINING = """
import sys, time
from tideform.checkpoint import Checkpoints
checkpoints = Checkpoints()
found = checkpoints.latest()
step = found.step if found else 0
print("from", step)
while True:
    step += 1
    time.sleep(0.01)
    if checkpoints.should_save():
        checkpoints.save(step, lambda path: path.write_text(str(step)))
        print("saved", step)
"""


@pytest.fixture
def job(environ: dict[str, str], uri: str, tmp_path: Path) -> dict[str, str]:
    """The environment that a burst gives to a wrapped job."""
    return {
        **environ,
        "TIDEFORM_CHECKPOINT_URI": uri,
        "TIDEFORM_CHECKPOINT_SECONDS": "3600",
        "TMPDIR": str(tmp_path),
    }


@pytest.fixture
def copied(mirror: Callable[[Path], Mirror], tmp_path: Path) -> Callable[[], int]:
    """The latest step in the copy; 0 for none."""

    def step() -> int:
        mirror(tmp_path / "look").pull()
        found = Folder(tmp_path / "look").latest()
        return 0 if found is None else found.step

    return step


@contextmanager
def started(program: str, environ: dict[str, str], command: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command or [*WRAP, program], env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def says(process: subprocess.Popen[str], start: str) -> str:
    """The next line that begins so."""
    assert process.stdout is not None
    return next(line for line in process.stdout if line.startswith(start)).strip()


def ran(program: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*WRAP, program], env=environ, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(("program", "code"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)])
def test_the_exit_code_is_the_commands(job: dict[str, str], program: str, code: int) -> None:
    assert ran(program, job).returncode == code


def test_a_command_that_is_not_there_is_told_as_a_shell_tells_it(job: dict[str, str]) -> None:
    done = subprocess.run([*WRAP[:4], "no-such-command"], env=job, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        127,
        "tideform: cannot start 'no-such-command': No such file or directory\n",
    )


def test_the_job_finds_the_contracts_variables(job: dict[str, str], uri: str) -> None:
    names = ["TIDEFORM_CHECKPOINT_URI", "TIDEFORM_CHECKPOINT_SECONDS", "TIDEFORM_RESUME"]
    printed = ran(f"import os; print(*[os.environ[n] for n in {names}])", job).stdout
    assert printed.split() == [uri, "3600", "0"]


def test_plain_files_come_back_to_the_next_machine(job: dict[str, str]) -> None:
    count = """
import os, pathlib
at = pathlib.Path(os.environ["TIDEFORM_CHECKPOINT_DIR"], "count")
before = int(at.read_text()) if at.exists() else 0
at.write_text(str(before + 1))
print(before, os.environ["TIDEFORM_RESUME"])
"""
    assert [ran(count, job).stdout for _ in range(3)] == ["0 0\n", "1 1\n", "2 1\n"]


def test_a_job_that_is_killed_goes_on_from_its_last_checkpoint(job: dict[str, str], copied: Callable[[], int]) -> None:
    often = {**job, "TIDEFORM_CHECKPOINT_SECONDS": "0.1"}
    with started(TRAINING, often) as first:
        saved = int(says(first, "saved").split()[1])
        wait_for(lambda: copied() >= saved)
        first.kill()
    with started(TRAINING, often) as second:
        assert int(says(second, "from").split()[1]) >= saved


def test_the_command_dies_with_a_wrapper_that_is_killed(job: dict[str, str], tmp_path: Path) -> None:
    forever = "import os, time\nprint('pid', os.getpid())\ntime.sleep(600)"
    with started(forever, job) as wrapper:
        pid = says(wrapper, "pid").split()[1]
        wrapper.kill()
        wait_for(lambda: not Path(f"/proc/{pid}").exists() or "(zombie)" in Path(f"/proc/{pid}/status").read_text())


def test_a_spot_notice_asks_for_a_checkpoint(job: dict[str, str], copied: Callable[[], int]) -> None:
    said: dict[str, str] = {}
    with served(said) as endpoint, started(TRAINING, {**job, "AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint}) as wrapper:
        says(wrapper, "from")
        said["spot/instance-action"] = '{"action": "terminate"}'
        saved = int(says(wrapper, "saved").split()[1])
        wait_for(lambda: copied() == saved)


def test_a_wish_beside_the_copy_asks_for_a_checkpoint(job: dict[str, str], s3: Any, uri: str) -> None:
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    with started(TRAINING, job) as wrapper:
        says(wrapper, "from")
        s3.put_object(Bucket=bucket, Key=f"{prefix}/.tideform/save-now", Body=b"its lease ends")
        assert says(wrapper, "tideform:").startswith("tideform: asked for a checkpoint: its lease ends")
        assert says(wrapper, "saved")


def test_a_wish_to_a_whole_sweep_reaches_its_members(job: dict[str, str], s3: Any, uri: str) -> None:
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    member = {**job, "TIDEFORM_CHECKPOINT_URI": f"{uri}/3", "TIDEFORM_CHECKPOINT_RUN_URI": uri}
    with started(TRAINING, member) as wrapper:
        says(wrapper, "from")
        s3.put_object(Bucket=bucket, Key=f"{prefix}/.tideform/save-now", Body=b"its lease ends")
        assert says(wrapper, "saved")


@pytest.mark.parametrize("index", ["0", "3"])
def test_the_reapers_wish_to_an_array_job_reaches_each_member(
    job: dict[str, str], cloud: Cloud, uri: str, index: str
) -> None:
    """The lease knows the run's address; a member's own lies below it, as Batch's line of shell puts it."""
    command = swept([*WRAP, TRAINING], [{"LR": str(number)} for number in range(4)])
    member = {**job, "TIDEFORM_CHECKPOINT_RUN_URI": uri, "AWS_BATCH_JOB_ARRAY_INDEX": index}
    with started(TRAINING, member, command) as wrapper:
        says(wrapper, "from")
        ask_to_save(cloud, uri, "its burst is about to end")
        assert says(wrapper, "tideform:").startswith("tideform: asked for a checkpoint: its burst is about to end")
        assert says(wrapper, "saved")


def test_sigterm_asks_for_a_checkpoint_and_then_ends_the_command(
    job: dict[str, str], copied: Callable[[], int]
) -> None:
    with started(TRAINING, job) as wrapper:
        says(wrapper, "from")
        wrapper.send_signal(signal.SIGTERM)
        saved = int(says(wrapper, "saved").split()[1])
        assert wrapper.wait(60) == 128 + signal.SIGTERM
    assert copied() == saved


def test_sigterm_goes_at_once_to_a_command_that_cannot_save(job: dict[str, str]) -> None:
    program = "import signal, time\nprint('ready')\ntime.sleep(600)"
    with started(program, {**job, "TIDEFORM_CHECKPOINT_GRACE": "3600"}) as wrapper:
        says(wrapper, "ready")
        wrapper.send_signal(signal.SIGTERM)
        assert wrapper.wait(60) == 128 + signal.SIGTERM


def test_the_other_machines_send_nothing_and_find_everything(job: dict[str, str], copied: Callable[[], int]) -> None:
    save = """
from tideform.checkpoint import Checkpoints
checkpoints = Checkpoints()
print(checkpoints.latest().step if checkpoints.latest() else 0)
checkpoints.save({step}, lambda path: path.write_text(""))
"""
    ran(save.format(step=5), job)
    other = ran(save.format(step=9), {**job, "AWS_BATCH_JOB_NODE_INDEX": "1"})
    assert (other.stdout, copied()) == ("5\n", 5)


def test_a_notice_to_another_machine_reaches_the_first(job: dict[str, str]) -> None:
    notice = {"spot/instance-action": '{"action": "terminate"}'}
    with served(notice) as endpoint, started(TRAINING, job) as first:
        says(first, "from")
        other = {**job, "AWS_BATCH_JOB_NODE_INDEX": "1", "AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint}
        with started("import time; time.sleep(600)", other):
            assert "machine 1" in says(first, "tideform: asked")
            assert says(first, "saved")


def test_a_copy_that_cannot_be_read_stops_the_job_before_it_starts(job: dict[str, str]) -> None:
    done = ran("print('started from nothing')", {**job, "TIDEFORM_CHECKPOINT_URI": "s3://no-such-bucket-of-ours/x"})
    assert (done.returncode, done.stdout) == (97, "")
    assert "could not be brought back" in done.stderr


def wait_for(condition: Callable[[], object]) -> None:
    """Return as soon as it holds."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "not in a minute"
        time.sleep(0.05)
