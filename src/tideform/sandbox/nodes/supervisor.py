"""The process above one job's command: it ends everything that the command started, whatever happens.

Run as a plain script (``python -I supervisor.py -- COMMAND…``) so that it starts fast and needs nothing. Its standard
input is a pipe that the sandbox holds: a line ``TERM`` or ``KILL`` signals the command, and its end means that the
sandbox is gone, however it went. On Linux it adopts orphans, so that a daemonised grandchild is found as well.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36
CANNOT_START = 127  # what a shell says of a command that it cannot find


def main(command: list[str]) -> int:
    """Run the command to its end; the exit code is its own, or 128 + the signal that ended it."""
    adopt_orphans()
    try:
        child = subprocess.Popen(  # no thread runs yet, so code between fork and exec is safe
            command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]!r}: {error.strerror}\n")
        return CANNOT_START
    threading.Thread(target=obey, args=(child,), daemon=True).start()
    code = wait_for(child.pid)
    kill_all(child.pid)
    return code


def obey(child: "subprocess.Popen[bytes]") -> None:
    """Carry out what the sandbox says, until it says nothing more; then nothing may live on."""
    while words := os.read(0, 64).split():
        if b"TERM" in words:
            signal_group(child.pid, signal.SIGTERM)
        if b"KILL" in words:
            kill_all(child.pid)
    kill_all(child.pid)


def wait_for(pid: int) -> int:
    """Reap children, adopted ones too, until the command itself has ended."""
    while True:
        reaped, status = os.wait()
        if reaped == pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def kill_all(group: int) -> None:
    """Kill the command's group, then every descendant that is left, until there is none."""
    signal_group(group, signal.SIGKILL)
    while found := descendants(os.getpid()):
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if threading.current_thread() is not threading.main_thread():
            return  # the main thread reaps, and looks again once the command has ended
        reap()


def reap() -> None:
    """Reap one child; none may be left."""
    try:
        os.wait()
    except ChildProcessError:
        return


def signal_group(group: int, number: int) -> None:
    """Signal a process group that may be gone."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def descendants(root: int) -> list[int]:
    """All processes below one, from ``/proc``; empty on systems without it."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents[int(stat.parent.name)] = int(fields[1])
    found, front = [], [root]
    while front:
        front = [pid for pid, parent in parents.items() if parent in front]
        found += front
    return found


def adopt_orphans() -> None:
    """Become the parent of orphaned descendants (Linux only)."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """Have the command killed when this process is (Linux only)."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    ended = main(sys.argv[sys.argv.index("--") + 1 :])
    sys.stderr.flush()
    os._exit(ended)  # a thread still reads standard input
