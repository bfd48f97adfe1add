"""One running job command: a real process of this machine under a `supervisor`, its output on its way to the logs."""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tideform_sandbox.nodes import leftovers

_LISTENS = 5.0  # seconds that a supervisor has to carry out a KILL: a job may have stopped it
_LAST_WORDS = 10.0  # seconds for output that is still on its way
_SUPERVISOR = Path(__file__).with_name("supervisor.py")


class RunningCommand:
    """A started command. ``on_line`` gets each line of its output, ``on_exit`` its exit code, from other threads.

    A job whose supervisor was killed is told as a container whose first process was: 137, and nothing of it lives on.
    It ends when it holds more than ``memory`` MiB; 0 lets it have all.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        on_line: Callable[[str], None],
        on_exit: Callable[[int], None],
        memory: int = 0,
    ) -> None:
        self._on_line, self._on_exit = on_line, on_exit
        self._mark = uuid.uuid4().hex
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_SUPERVISOR), str(memory), "--", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**environment, leftovers.MARK: self._mark},
            cwd=folder,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"output-{self._process.pid}", daemon=True)
        self._reader.start()
        threading.Thread(target=self._follow, name=f"job-{self._process.pid}", daemon=True).start()

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        return self._process.pid

    def terminate(self) -> None:
        """Ask the command to end (SIGTERM to its group)."""
        self._say(b"TERM\n")

    def stop(self) -> None:
        """Ask the containers that the command has begun to end (SIGTERM to the first process of each)."""
        self._say(b"STOP\n")

    def cut(self) -> None:
        """Kill the command's process group (SIGKILL); the containers that it has begun are stopped and waited for."""
        self._say(b"CUT\n")

    def kill(self) -> None:
        """End the command and everything it started (SIGKILL); its supervisor, too, where that does not listen."""
        self._say(b"KILL\n")
        threading.Thread(target=self.wait, args=(_LISTENS,), name=f"kill-{self.pid}", daemon=True).start()

    def hang_up(self) -> None:
        """Let go: the supervisor kills everything, even if it heard nothing before."""
        stdin = self._process.stdin
        if stdin is not None:
            with suppress(OSError):
                stdin.close()

    def wait(self, timeout: float) -> None:
        """Wait until nothing of it is left; kills the supervisor where that takes too long (seconds)."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _say(self, word: bytes) -> None:
        stdin = self._process.stdin
        if stdin is not None:
            with suppress(OSError, ValueError):  # it has ended meanwhile: nothing to tell it
                stdin.write(word)
                stdin.flush()

    def _read(self) -> None:
        stdout = self._process.stdout
        if stdout is not None:
            with stdout:
                for line in stdout:
                    self._on_line(line.decode("utf-8", "replace").rstrip("\r\n"))

    def _follow(self) -> None:
        """Wait for the supervisor and not for the output: a daemon that outlived a killed one holds that open."""
        code = self._process.wait()
        if code < 0:
            leftovers.end_marked(self._mark)
        self._reader.join(_LAST_WORDS)
        self.hang_up()
        self._on_exit(code if code >= 0 else 128 - code)
