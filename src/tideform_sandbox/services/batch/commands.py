"""The processes of a plane's running attempts: started, asked to end, made to. The plane's lock guards them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tideform.local import metadata
from tideform_sandbox.nodes.process import RunningCommand
from tideform_sandbox.nodes.surroundings import BadFolder
from tideform_sandbox.services.batch import gang, logs
from tideform_sandbox.services.batch.job import Job
from tideform_sandbox.world import World

STOP_GRACE = 30.0  # seconds between SIGTERM and SIGKILL, as ECS has it
_CLOSE_TIMEOUT = 5.0
_LONGEST_OVERRIDES = 8192  # characters


class CannotStart(Exception):  # noqa: N818  # the job's failure, told in its status
    """The command could not be started."""


class Commands:
    """Commands by the id of their job."""

    def __init__(self, backend: Any, world: World) -> None:
        self._backend, self._clock, self._surroundings = backend, world.clock, world.surroundings
        self._broken = world.broken
        self._running: dict[str, RunningCommand] = {}

    def start(self, job: Job, on_exit: Callable[[int], None]) -> None:
        """Start the job's latest attempt. Raises `CannotStart`."""
        if _length_of_overrides(job) > _LONGEST_OVERRIDES:
            job.status_reason = f"Container Overrides length must be at most {_LONGEST_OVERRIDES}"
            raise CannotStart(job.status_reason)
        try:
            self._running[job.id] = self._launched(job, on_exit)
        except (logs.NoLogGroup, BadFolder, OSError, ValueError) as error:
            raise CannotStart(str(error)) from error

    def _launched(self, job: Job, on_exit: Callable[[int], None]) -> RunningCommand:
        if not job.command:
            raise ValueError("the sandbox pulls no image, so the job definition has to name a command")
        own = {entry["name"]: entry["value"] for entry in job.container["environment"] if entry.get("value")}
        configuration = job.container.get("logConfiguration") or {}
        name, attempt = job.definition["jobDefinitionName"], job.attempt
        folder = self._surroundings.folder(own)
        stream = logs.open_stream(self._backend.logs_backend, configuration, name, attempt.task, self._clock.now)
        attempt.log_stream = stream.name
        service = {**job.variables, **gang.variables(job)}
        if attempt.instance is not None:
            service |= metadata.variables(self._surroundings.credentials, attempt.instance)
        return RunningCommand(
            job.command,
            environment=self._surroundings.environment(job.id, own, region=self._backend.region_name, service=service),
            folder=folder,
            on_line=stream.write,
            on_exit=on_exit,
            memory=job.needs("MEMORY"),
        )

    def ask_to_end(self, job: Job, reason: str, *, grace: float = STOP_GRACE) -> None:
        """Ask the job's command to end, or those of its nodes; after the grace `enforce` makes them."""
        running = [one for one in (job, *job.nodes) if one.id in self._running]
        if not running:
            return
        for one in (job, *running):
            one.status_reason = one.status_reason or reason
            one.kill_at = min(one.kill_at or float("inf"), self._clock.now() + grace)
        for one in running:
            self._running[one.id].terminate()

    def enforce(self, job: Job, now: float) -> float | None:
        """Time-outs and the end of a grace; returns when to look again."""
        if job.kill_at is not None:
            if job.kill_at > now:
                return job.kill_at
            if job.id in self._running:
                self._running[job.id].kill()
            return None
        started = job.attempt.started
        if job.timeout is None or started is None or "batch-job-time-out" in self._broken:
            return None
        if started + job.timeout <= now:
            self.ask_to_end(job, "Job attempt duration exceeded timeout")
            return job.kill_at
        return started + job.timeout

    def forget(self, job: Job) -> None:
        """The command has ended."""
        self._running.pop(job.id, None)

    def clear(self, job: Job) -> None:
        """Remove what the job's command left in its folder."""
        self._surroundings.clear(job.id)

    def all(self) -> list[RunningCommand]:
        """Those that run."""
        return list(self._running.values())


def _length_of_overrides(job: Job) -> int:
    """What Batch asks Amazon ECS for, as JSON: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html"""
    asked = job.request.get("containerOverrides") or {}
    told = [{"name": name, "value": value} for name, value in job.variables.items()]
    overrides = {"name": "default", **asked, "environment": [*(asked.get("environment") or []), *told]}
    return len(json.dumps({"containerOverrides": [overrides]}, separators=(",", ":")))


def close(commands: list[RunningCommand]) -> None:
    """End them all, for the server's own end; without the plane's lock, which their last words need."""
    for command in commands:
        command.hang_up()
    for command in commands:
        command.wait(_CLOSE_TIMEOUT)
