"""The process above one job's command: it ends everything that the command started, whatever happens.

Run as a plain script (``python -I supervisor.py MIB -- COMMAND…``, 0 for any amount of memory) so that it starts fast
and needs nothing. Its standard input is a pipe that the sandbox holds: a line ``TERM`` or ``KILL`` signals the command,
and its end means that the sandbox is gone, however it went. On Linux it adopts orphans, so that a daemonised grandchild
is found as well, and ends a command that holds more memory than it has.

A command may begin containers: sessions of their own, as a container is no child of docker's client. ``STOP`` asks
those to end. ``CUT`` kills the command's process group and nothing else; then they are stopped, and waited for.

Whatever is asked to end is asked once, however often the sandbox says so: a handler that saves is not entered again.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36
CANNOT_START = 127  # what a shell says of a command that it cannot find
LOOK_SECONDS = 1.0  # between two looks at every process of the machine
MIB = 1024 * 1024


def main(memory: int, command: list[str]) -> int:
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
    cut = threading.Event()
    threading.Thread(target=obey, args=(child, cut), daemon=True).start()
    if memory:
        threading.Thread(target=bound, args=(child, memory), daemon=True).start()
    code = wait_for(child.pid)
    while cut.is_set() and containers(child.pid):
        reap()
    kill_all(child.pid)
    return code


def obey(child: "subprocess.Popen[bytes]", cut: threading.Event) -> None:
    """Carry out what the sandbox says, until it says nothing more; then nothing may live on."""
    told, asked = False, set[int]()
    while words := os.read(0, 64).split():
        if b"TERM" in words and not told:
            told = True
            signal_group(child.pid, signal.SIGTERM)
        if b"CUT" in words:
            cut.set()
            signal_group(child.pid, signal.SIGKILL)
        if b"STOP" in words or b"CUT" in words:
            stop(left := set(containers(child.pid)) - asked)
            asked |= left
        if b"KILL" in words:
            kill_all(child.pid)
    kill_all(child.pid)


def bound(child: "subprocess.Popen[bytes]", memory: int) -> None:
    """Kill the command when it and all that it started hold more than so many MiB, as a container's kernel does."""
    while (held := held_by(descendants(os.getpid()), memory * MIB)) <= memory * MIB:
        time.sleep(LOOK_SECONDS)
    sys.stderr.write(f"out of memory: killed, holding {held // MIB} MiB of the {memory} MiB that it has\n")
    sys.stderr.flush()
    kill_all(child.pid)


def held_by(pids: list[int], enough: int) -> int:
    """Bytes that processes hold; what they share counts once where that matters, as it is slower to find out."""
    resident = sum(map(_resident, pids))
    return resident if resident <= enough else sum(map(_proportional, pids))


def _resident(pid: int) -> int:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except OSError:  # it has ended
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _proportional(pid: int) -> int:
    """https://docs.kernel.org/filesystems/proc.html: a page that several share counts for each in part."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


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


def containers(script: int) -> list[int]:
    """The first processes of sessions that the script has begun, left by it or not; a job's own are none of those."""
    found = processes()
    own = {pid for pid, (_, session) in found.items() if session == script}
    above = {script, os.getpid(), *own}
    return [pid for pid, (parent, session) in found.items() if session == pid != script and parent in above]


def stop(pids: set[int]) -> None:
    """As ``docker stop`` begins: the first process alone is asked to end."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            continue


def signal_group(group: int, number: int) -> None:
    """Signal a process group that may be gone."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def descendants(root: int) -> list[int]:
    """All processes below one, from ``/proc``; empty on systems without it."""
    parents = {pid: parent for pid, (parent, _) in processes().items()}
    found, front = [], [root]
    while front:
        front = [pid for pid, parent in parents.items() if parent in front]
        found += front
    return found


def processes() -> dict[int, tuple[int, int]]:
    """The parent and the session of every process that lives."""
    found: dict[int, tuple[int, int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            found[int(stat.parent.name)] = int(fields[1]), int(fields[3])
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
    ended = main(int(sys.argv[1]), sys.argv[3:])
    sys.stderr.flush()
    os._exit(ended)  # a thread still reads standard input
