"""Finding and ending what a dead run left."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

from tideform.process import Process
from tideform.state.processes import VARIABLE, end_run, processes_of

STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


def test_processes_are_found_by_their_mark() -> None:
    with subprocess.Popen(["sleep", "600"], env={VARIABLE: "run-1"}) as ours:
        with subprocess.Popen(["sleep", "600"], env={VARIABLE: "run-10"}) as other:
            found = processes_of("run-1")
            other.kill()
        ours.kill()
    assert found == {ours.pid}


def test_a_process_ends_on_being_asked() -> None:
    with subprocess.Popen(["sleep", "600"], env={VARIABLE: "run-2"}) as child:
        assert end_run("run-2") == [child.pid]
        assert child.wait() == -15


def test_a_process_that_will_not_end_is_killed() -> None:
    command = [sys.executable, "-c", STUBBORN]
    with subprocess.Popen(command, env={VARIABLE: "run-3"}, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        end_run("run-3", patience=0.1)
        assert child.wait() == -9


def test_a_number_that_went_to_another_process_is_left_alone() -> None:
    with subprocess.Popen(["sleep", "600"]) as child:
        noted = replace(Process.of(child.pid), started=1)
        assert end_run("run-4", [noted]) == []
        assert child.poll() is None
        child.kill()
