"""Stands for the container of a command: a session of its own, so that the end of docker's client is not its end.

Run as a plain script (``python -I -S container.py PID… -- COMMAND…``). It begins when none of the supervisors ``PID…``
is there any more: those of commands whose container still saves its work on the same machine.
"""

import os
import signal
import sys
import time

CANNOT_START = 127
LOOK_SECONDS = 0.1


def main(left: list[int], command: list[str]) -> int:
    """Become the command; the exit code is of what kept it from starting."""
    while any(map(lives, left)):
        time.sleep(LOOK_SECONDS)
    os.setsid()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and what is ignored stays so
    try:
        os.execvp(command[0], command)  # noqa: S606  # a job's words are no shell's
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]!r}: {error.strerror}\n")
    return CANNOT_START


def lives(pid: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    at = sys.argv.index("--")
    sys.exit(main([int(one) for one in sys.argv[1:at]], sys.argv[at + 1 :]))
