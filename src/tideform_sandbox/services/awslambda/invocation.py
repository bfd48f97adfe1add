"""One invocation: a child process, its log stream, its end by itself or by the time-out."""

from __future__ import annotations

import json
import sys
import threading
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tideform_sandbox.nodes.process import RunningCommand
from tideform_sandbox.services.awslambda.function import Function, Outcome
from tideform_sandbox.services.awslambda.runtime import OUT_OF_MEMORY

if TYPE_CHECKING:
    from tideform_sandbox.world import World

_RUNTIME = Path(__file__).with_name("runtime.py")
_TAIL = 4096  # bytes of its log that a caller may ask for
_KILL_PATIENCE = 5.0


class Invocation:
    """A running handler; `outcome` waits for its end."""

    def __init__(self, world: World, function: Function, event: Any, request_id: str | None = None) -> None:
        self._world, self._function = world, function
        self.request_id = request_id or str(uuid.uuid4())
        self._key = f"function-{uuid.uuid4()}"
        self._home = world.surroundings.home(self._key)
        self._lines: list[str] = []
        self._ended = threading.Event()
        self._code = 0
        self._stream = self._open_stream()
        self._write(f"START RequestId: {self.request_id} Version: $LATEST")
        self._started = time.monotonic()
        self._command = self._start(event)

    def outcome(self) -> Outcome:
        """Wait for the end; ends the function itself when its time is over."""
        timed_out = not self._ended.wait(self._function.timeout)
        if timed_out:
            self._command.kill()
            self._ended.wait(_KILL_PATIENCE)
        answer = self._timed_out() if timed_out else self._answer()
        self._report()
        self._world.surroundings.clear(self._key)
        error = "Unhandled" if "error" in answer else None
        payload = json.dumps(answer["error"]) if error else str(answer["result"])
        return Outcome(payload, error, "\n".join(self._lines)[-_TAIL:])

    def hang_up(self) -> None:
        """End it, for the server's own end."""
        self._command.hang_up()
        self._command.wait(_KILL_PATIENCE)

    def _start(self, event: Any) -> RunningCommand:
        function, surroundings = self._function, self._world.surroundings
        code = function.unpack(surroundings.scratch)
        asked, result = self._home / "request.json", self._home / "result.json"
        asked.write_text(
            json.dumps(
                {
                    "code": str(code),
                    "handler": function.record.handler,
                    "memory": function.memory,
                    "event": event,
                    "context": self._context(),
                }
            ),
            encoding="utf-8",
        )
        return RunningCommand(
            [sys.executable, "-I", str(_RUNTIME), str(asked), str(result)],
            environment=surroundings.environment(
                self._key,
                function.variables,
                region=function.region,
                service={
                    **self._world.inner.environ(function.region),
                    "TIDEFORM_NOW_OFFSET": str(self._world.clock.offset),
                    "LAMBDA_TASK_ROOT": str(code),
                },
            ),
            folder=code,
            on_line=self._write,
            on_exit=self._exited,
        )

    def _context(self) -> dict[str, Any]:
        function = self._function
        return {
            "function_name": function.name,
            "function_version": "$LATEST",
            "invoked_function_arn": function.arn,
            "memory_limit_in_mb": str(function.memory),
            "aws_request_id": self.request_id,
            "log_group_name": function.record.logs_group_name,
            "log_stream_name": self._stream,
            "timeout": function.timeout,
        }

    def _exited(self, code: int) -> None:
        self._code = code
        self._ended.set()

    def _answer(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self._home / "result.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            how = "signal: killed" if self._code == OUT_OF_MEMORY else f"exit status {self._code}"
            return self._failed("Runtime.ExitError", f"Runtime exited with error: {how}")
        return found

    def _timed_out(self) -> dict[str, Any]:
        return self._failed("Sandbox.Timedout", f"Task timed out after {self._function.timeout:.2f} seconds")

    def _failed(self, kind: str, why: str) -> dict[str, Any]:
        message = f"RequestId: {self.request_id} Error: {why}"
        self._write(message)
        return {"error": {"errorType": kind, "errorMessage": message}}

    def _report(self) -> None:
        spent = (time.monotonic() - self._started) * 1000
        self._write(f"END RequestId: {self.request_id}")
        self._write(
            f"REPORT RequestId: {self.request_id}\tDuration: {spent:.2f} ms\tMemory Size: {self._function.memory} MB"
        )

    def _open_stream(self) -> str:
        logs, group = self._function.record.logs_backend, self._function.record.logs_group_name
        day = datetime.fromtimestamp(self._world.clock.now(), UTC).strftime("%Y/%m/%d")
        name = f"{day}/[$LATEST]{uuid.uuid4().hex}"
        logs.ensure_log_group(group)
        logs.groups[group].create_log_stream(name)
        return name

    def _write(self, line: str) -> None:
        self._lines.append(line)
        logs, group = self._function.record.logs_backend, self._function.record.logs_group_name
        event = {"timestamp": int(self._world.clock.now() * 1000), "message": line or " "}
        if group in logs.groups and self._stream in logs.groups[group].streams:  # somebody may have deleted them
            logs.groups[group].put_log_events(self._stream, [event])
