"""The Automation API's handle on an engine, with bounds: one that says nothing, or prints for ever, is ended and told.

The SDK's own reads all that its program prints, and waits for its end. How long an operation may take nobody can say,
but an engine announces each at once, so one that has said nothing for minutes is none, or has hung.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from pulumi.automation import CommandResult, PulumiCommand
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from tideform.errors import EngineError
from tideform.state.processes import kill_marked

SILENCE = 120.0  # seconds until the first word; a cold engine on a busy disk needs several
MOST = 64 * 1024 * 1024  # bytes of output; the largest plan of ours prints a hundredth
_CALL = "TIDEFORM_CALL"
_CHUNK = 65_536
_LINE = 1024 * 1024  # bytes of one line
_LOOK = 0.5  # seconds between two looks
_DRAIN, _REST = 5.0, 60.0  # seconds for what was printed before the end: of one that was killed, and of any other
OnLine = Callable[[str], Any]


class BoundedCommand(PulumiCommand):
    """One engine, whose version is already known: the SDK's own way asks again, each time."""

    def __init__(self, binary: Path, version: str) -> None:
        self.command = str(binary)
        self.version = VersionInfo.parse(version.removeprefix("v"))

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnLine | None = None,
        on_error: OnLine | None = None,
    ) -> CommandResult:
        """As the SDK's. Raises `EngineError` TD450 where the engine was ended because it went beyond a bound.

        What a callback raises is raised here once the engine has ended by itself: it may be in the middle of a change.
        """
        mark = uuid4().hex
        environ = {**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true", _CALL: mark}
        environ["PATH"] = f"{Path(self.command).parent}{os.pathsep}{environ.get('PATH', '')}"  # bundled plugins first
        command = [self.command, "--non-interactive", *args]
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, env=environ
        ) as process:
            out, err = _Reader(process.stdout, on_output), _Reader(process.stderr, on_error)
            why = _watch(process, (out, err))
            if why:
                kill_marked(_CALL, mark)
                process.kill()
            for reader in (out, err):
                reader.thread.join(_DRAIN if why else _REST)
        if why:
            raise _no_answer(f"`{Path(self.command).name} {' '.join(args[:2])}` {why}")
        result = CommandResult(stdout=out.text, stderr=err.text, code=process.returncode)
        if process.returncode:
            raise create_command_error(result)
        for reader in (out, err):
            reader.raise_failed()
        return result


@dataclass
class _Reader:
    """One stream, read to its end by a thread; ``size`` is how many bytes came.

    A callback that fails is called no more, and the reading goes on: nobody else empties the pipe, and an engine that
    waits for that never ends.
    """

    stream: IO[bytes] | None
    on_line: OnLine | None
    size: int = 0
    lines: list[str] = field(default_factory=list)
    failed: Exception | None = None
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines)

    def raise_failed(self) -> None:
        """What the callback has raised, if it has."""
        if self.failed is not None:
            raise self.failed

    def _read(self) -> None:
        rest = b""
        while self.stream is not None and self.size <= MOST and (chunk := os.read(self.stream.fileno(), _CHUNK)):
            self.size += len(chunk)
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                self._tell(line)
            if len(rest) > _LINE:
                self._tell(rest)
                rest = b""
        if rest:
            self._tell(rest)

    def _tell(self, raw: bytes) -> None:
        line = raw.decode("utf-8", errors="replace").rstrip()
        self.lines.append(line)
        if self.on_line is None or self.failed is not None:
            return
        try:
            self.on_line(line)
        except Exception as error:  # noqa: BLE001  # whatever it is: `raise_failed` has it
            self.failed = error


def _watch(process: subprocess.Popen[bytes], readers: tuple[_Reader, _Reader]) -> str:
    """Wait for its end; why it has to be ended instead, or nothing."""
    began = time.monotonic()
    while True:
        try:
            process.wait(_LOOK)
            return ""
        except subprocess.TimeoutExpired:
            size = sum(reader.size for reader in readers)
        if not size and time.monotonic() - began > SILENCE:
            return f"has said nothing for {SILENCE:.0f} seconds"
        if size > MOST:
            return f"has printed more than {MOST // 1024 // 1024} MiB"


def _no_answer(detail: str) -> EngineError:
    return EngineError.of(
        "TD450",
        "The engine does not answer",
        detail=f"{detail}, and was ended.",
        fix="Run the command again, which settles what it may have begun; `tideform doctor` says which engine is used, "
        "and TIDEFORM_ENGINE names another.",
    )
