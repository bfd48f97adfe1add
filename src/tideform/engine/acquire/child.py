"""Running a long command: its lines as they come, a deadline, and nothing left running behind it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from tideform.engine.acquire.find import UnusableError


def run(
    command: Sequence[str | Path],
    *,
    seconds: float,
    log: IO[str],
    on_line: Callable[[str], None] = lambda _: None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> list[str]:
    """Run ``command`` in a process group of its own and return its output lines, both streams together.

    Raises `UnusableError` with its last line if it fails, cannot start, or takes longer than ``seconds``.
    """
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=cwd,
            env=env,
            start_new_session=True,  # so that what it started ends with it
        )
    except OSError as error:
        raise UnusableError(f"{command[0]} does not start: {error.strerror}") from error
    late = threading.Event()

    def ring() -> None:
        late.set()
        _end(child)

    alarm = threading.Timer(seconds, ring)
    alarm.daemon = True
    alarm.start()
    with child:
        try:
            lines = _read(child, log, on_line)
            code = child.wait()
        finally:
            alarm.cancel()
            _end(child)
    if late.is_set():
        raise UnusableError(f"no answer within {seconds:g} s")
    if code != 0:
        raise UnusableError(next((line for line in reversed(lines) if line), f"it ended with code {code}"))
    return lines


def _read(child: subprocess.Popen[str], log: IO[str], on_line: Callable[[str], None]) -> list[str]:
    lines = []
    for raw in child.stdout or ():
        line = raw.rstrip()
        log.write(line + "\n")
        lines.append(line)
        on_line(line)
    return lines


def _end(child: subprocess.Popen[str]) -> None:
    """Kill the whole group; harmless when it is gone."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # the group is empty
    child.wait()
