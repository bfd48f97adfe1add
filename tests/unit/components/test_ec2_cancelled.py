"""What becomes of a container when SSM kills the command that began it, on a machine with a docker of its own.

SSM's agent sends SIGKILL to the process group of the script. The containers here are, as docker's, in none of its.
https://github.com/aws/amazon-ssm-agent/blob/mainline/agent/executers/executers_unix.go
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.unit.components.machine import install
from tests.unit.sandbox.waiting import lives, until

# Containers are files named by their first process, which say of which command they are.
_DOCKER = """\
#!/usr/bin/python3
import os, pathlib, signal, subprocess, sys, time
containers = pathlib.Path(sys.argv[0]).parent / "containers"
verb, words = sys.argv[1], sys.argv[2:]
def lives(name):
    try:
        return pathlib.Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
def end(name, seconds):
    until = time.monotonic() + seconds
    os.kill(int(name), signal.SIGTERM)
    while lives(name) and time.monotonic() < until:
        time.sleep(0.05)
    lives(name) and os.kill(int(name), signal.SIGKILL)
if verb == "ps":
    if (containers.parent / "mute").exists():
        sys.exit("Cannot connect to the Docker daemon")
    wanted = words[words.index("--filter") + 1].removeprefix("label=").partition("=")[2]
    for one in containers.iterdir():
        if lives(one.name) and wanted in ("", one.read_text()):
            print(one.name, one.read_text() if "--format" in words else "")
elif verb == "stop":
    [end(name, int(words[1])) for name in words[2:]]
elif verb == "run":
    at = words.index("image")
    child = subprocess.Popen(words[at + 1 :], start_new_session=True, stdout=-3)
    (run,) = [word.partition("=")[2] for word in words[:at] if word.startswith("tideform.run=")]
    (containers / str(child.pid)).write_text(run)
    code = child.wait()
    sys.exit(code if code >= 0 else 128 - code)
"""
# As the service manager: nothing of its caller is handed on, no open file either.
_SYSTEMD_RUN = """\
#!/usr/bin/python3
import subprocess, sys
words = [word for word in sys.argv[1:] if not word.startswith("--")]
subprocess.Popen(words, env={}, start_new_session=True, stdin=-3, stdout=-3, stderr=-3)
"""
SAVES = "trap 'sleep 2; touch saved; exit 0' TERM; touch ready; while :; do sleep 0.1; done"


@dataclass
class Machine:
    """Commands are begun as SSM's agent does, each in a process group of its own."""

    folder: Path
    commands: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def begin(self, script: str, lease: str = "a1") -> subprocess.Popen[bytes]:
        """A command that runs the script in a container; what it says goes into the file ``log``."""
        given = {"TIDEFORM_IMAGE": "image", "TIDEFORM_VARIABLES": "", "TIDEFORM_LEASE": lease}
        words = [str(self.folder / "tideform-run"), "sh", "-c", script]
        with (self.folder / "log").open("w") as log:
            begun = subprocess.Popen(words, env=given, cwd=self.folder, process_group=0, stdout=log, stderr=log)
        self.commands.append(begun)
        return begun

    def begun(self, script: str, lease: str = "a1") -> tuple[subprocess.Popen[bytes], int]:
        """One whose container is at work, and that container."""
        before = set(self.containers())
        command = self.begin(script, lease)
        (found,) = until(lambda: set(self.containers()) - before)
        return command, found

    def file(self, name: str) -> bool:
        return (self.folder / name).exists()

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def containers(self) -> list[int]:
        return [int(one.name) for one in (self.folder / "containers").iterdir() if lives(int(one.name))]

    def close(self) -> None:
        for one in self.commands:
            cancel(one)
        for container in self.containers():
            os.killpg(container, signal.SIGKILL)
        until(lambda: not list((self.folder / "locks").iterdir()))


def cancel(command: subprocess.Popen[bytes]) -> None:
    if command.poll() is None:
        os.killpg(command.pid, signal.SIGKILL)
    command.wait()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    install(tmp_path)
    (tmp_path / "containers").mkdir()
    for name, script in (("docker", _DOCKER), ("systemd-run", _SYSTEMD_RUN)):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    made = Machine(tmp_path)
    yield made
    made.close()


@pytest.fixture
def cancelled(machine: Machine) -> int:
    """The container of a command that was cancelled while it worked; it takes two seconds to save its work."""
    command, container = machine.begun(SAVES)
    until(lambda: machine.file("ready"))
    cancel(command)
    return container


def test_a_container_is_asked_to_save_its_work_when_its_command_is_cancelled(machine: Machine, cancelled: int) -> None:
    until(lambda: not lives(cancelled))
    assert machine.file("saved")


def test_it_has_ended_when_the_next_command_begins_whatever_its_lease(machine: Machine, cancelled: int) -> None:
    assert machine.begin("test -e saved", lease="b2").wait() == 0


def test_the_next_command_says_what_it_waits_for(machine: Machine, cancelled: int) -> None:
    machine.begin("true").wait()
    assert machine.log() == f"tideform: waits for what a cancelled command has left on this machine: {cancelled}\n"


def test_containers_of_other_commands_that_go_on_stay(machine: Machine) -> None:
    _, container = machine.begun("while :; do sleep 0.1; done")
    other, theirs = machine.begun("exec sleep 600", lease="b2")
    cancel(other)
    until(lambda: not lives(theirs))
    machine.begin("true", lease="b2").wait()
    assert lives(container)


def test_while_docker_does_not_answer_nothing_begins(machine: Machine) -> None:
    (machine.folder / "mute").touch()
    command = machine.begin("touch ran")
    said, ran = until(machine.log), machine.file("ran")
    (machine.folder / "mute").unlink()
    command.wait()
    assert (said, ran, machine.file("ran")) == ("tideform: waits for docker to answer\n", False, True)


def test_no_job_reboots_its_machine(machine: Machine) -> None:
    code = machine.begin("exit 194").wait()
    assert (code, "ended with 194" in machine.log()) == (193, True)


def test_of_a_command_that_ends_by_itself_nothing_is_left(machine: Machine) -> None:
    code = machine.begin("exit 7").wait()
    until(lambda: not list((machine.folder / "locks").iterdir()))
    assert code == 7
