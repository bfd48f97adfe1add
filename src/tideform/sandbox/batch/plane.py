"""The control plane of one region: places jobs on capacity, starts them, ends them, lets capacity go.

One thread does everything that happens by itself, under one lock, and sleeps on a condition until something changed
or is due by the sandbox's clock.
"""

from __future__ import annotations

import logging
import secrets
import threading
from typing import Any

from tideform.sandbox.batch import logs, retry
from tideform.sandbox.batch.fleet import DESIRED_GRACE, Fleet, Host, size_of
from tideform.sandbox.batch.job import ACTIVE, ENDED, WAITING, Attempt, Job, array_status
from tideform.sandbox.nodes.process import RunningCommand
from tideform.sandbox.nodes.surroundings import BadFolder
from tideform.sandbox.world import World

log = logging.getLogger(__name__)

STOP_GRACE = 30.0  # seconds between SIGTERM and SIGKILL, as ECS has it
_ENDED_WELL = "Essential container in task exited"
_CLOSE_TIMEOUT = 5.0


class Plane:
    """Jobs and capacity of one region; every method may be called from any thread."""

    def __init__(self, backend: Any, world: World) -> None:
        self._backend, self._clock, self._surroundings = backend, world.clock, world.surroundings
        self._timeline, self._key = world.timeline, f"batch/{backend.account_id}/{backend.region_name}"
        self._changed = threading.Condition(threading.RLock())
        self._jobs: dict[str, Job] = {}
        self._fleets: dict[str, Fleet] = {}
        self._commands: dict[str, RunningCommand] = {}
        self._closed = False
        self._again = False  # a step made work for another one
        self._thread = threading.Thread(target=self._run, name=f"batch-{backend.region_name}", daemon=True)
        self._thread.start()

    # What the API asks for

    def add(self, job: Job) -> None:
        """Take a job, and an array's children, in."""
        with self._changed:
            for member in (job, *job.children):
                self._jobs[member.id] = member
            self._changed.notify_all()

    def job(self, job_id: str) -> Job | None:
        """A job by its id or ARN."""
        with self._changed:
            return self._jobs.get(job_id.rpartition("job/")[2])

    def jobs(self) -> list[Job]:
        """All jobs, newest first."""
        with self._changed:
            return list(reversed(self._jobs.values()))

    def cancel(self, job: Job, reason: str) -> None:
        """End a job that has not started; one that has is left alone, as on AWS."""
        with self._changed:
            for member in (job, *job.children):
                if member.status in WAITING:
                    member.cancelled = True
                    self._end(member, "FAILED", reason)
            self._changed.notify_all()

    def terminate(self, job: Job, reason: str) -> None:
        """End a job wherever it is; its command gets SIGTERM, and SIGKILL after a grace."""
        with self._changed:
            for member in (job, *job.children):
                if member.status in ENDED:
                    continue
                member.terminated = True
                if member.status in WAITING:
                    self._end(member, "FAILED", reason)
                else:
                    self._ask_to_end(member, reason)
            self._changed.notify_all()

    def changed(self) -> None:
        """An environment or a queue changed: look again."""
        with self._changed:
            self._changed.notify_all()

    def fleet(self, environment: Any) -> Fleet:
        """The capacity of a compute environment (moto's object)."""
        with self._changed:
            if environment.arn not in self._fleets:
                self._fleets[environment.arn] = Fleet(environment, self._backend.ec2_backend)
            return self._fleets[environment.arn]

    def want(self, environment: Any, vcpus: int) -> None:
        """Bring an environment to so many vCPUs now (``desiredvCpus``)."""
        with self._changed:
            now = self._clock.now()
            self.fleet(environment).grow_to(vcpus, now, keep_until=now + DESIRED_GRACE)
            self._changed.notify_all()

    def drop(self, environment: Any) -> None:
        """An environment is deleted: end its jobs and its instances."""
        with self._changed:
            fleet = self._fleets.pop(environment.arn, None)
            for job in self._jobs.values():
                if job.status in ACTIVE and job.attempt.environment == environment.name:
                    self._ask_to_end(job, "compute environment deleted", grace=0)
            if fleet is not None:
                fleet.end(list(fleet.hosts))

    def instances_ended(self, instance_ids: list[str]) -> None:
        """Somebody ended instances: what ran on them fails, as when a spot instance is taken back."""
        with self._changed:
            for fleet in self._fleets.values():
                for instance_id in instance_ids:
                    host = fleet.forget(instance_id)
                    for job_id in host.jobs if host else ():
                        reason = f"Host EC2 (instance {instance_id}) terminated."
                        self._ask_to_end(self._jobs[job_id], reason, grace=0)
            self._changed.notify_all()

    @property
    def running(self) -> list[Job]:
        """The jobs that hold capacity."""
        with self._changed:
            return [job for job in self._jobs.values() if job.status in ACTIVE]

    def close(self) -> None:
        """End everything; for the server's own end."""
        with self._changed:
            self._closed = True
            commands = list(self._commands.values())
            self._changed.notify_all()
        for command in commands:
            command.hang_up()
        for command in commands:
            command.wait(_CLOSE_TIMEOUT)

    # What happens by itself

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                due = self._look()
                if due is not None:
                    self._timeline.at(due, self._key, self._due)
                self._changed.wait()

    def _due(self, _: float) -> float | None:
        """The timeline has come to what was due; it waits here until that is done."""
        with self._changed:
            return None if self._closed else self._look()

    def _look(self) -> float | None:
        try:
            return self._step(self._clock.now())
        except Exception:  # the plane must outlive a bug: jobs would hang and capacity stand for ever
            log.exception("a step of the batch control plane failed")
            return self._clock.now() + 1

    def _step(self, now: float) -> float | None:
        self._again = False
        self._release()
        self._place(now)
        dues = [self._enforce(job, now) for job in list(self._jobs.values()) if job.status in ACTIVE]
        dues += [self._scale(fleet, now) for fleet in list(self._fleets.values())]
        return now if self._again else min((due for due in dues if due is not None), default=None)

    def _release(self) -> None:
        """SUBMITTED becomes RUNNABLE when what it waits for has succeeded, FAILED when that failed."""
        for job in list(self._jobs.values()):
            if job.status not in ("SUBMITTED", "PENDING") or job.children:
                continue
            states = {self._state_of(other) for other in job.after}
            if "FAILED" in states:
                self._end(job, "FAILED", "Dependent Job failed")
            else:
                job.status = "RUNNABLE" if states <= {"SUCCEEDED"} else "PENDING"

    def _state_of(self, job_id: str) -> str:
        return array_status(self._jobs[job_id])

    def _place(self, now: float) -> None:
        waiting = [job for job in self._jobs.values() if job.status == "RUNNABLE"]
        for job in sorted(waiting, key=lambda job: (-job.priority, job.created)):
            found = self._find_host(job, now)
            if found is not None:
                self._start(job, *found)

    def _find_host(self, job: Job, now: float) -> tuple[Fleet, Host] | None:
        queue = self._backend.get_job_queue(job.queue)
        fleets = [self.fleet(environment) for environment in queue.environments] if queue else []
        for fleet in (fleet for fleet in fleets if fleet.environment.state == "ENABLED"):
            host = fleet.room_for(job) or fleet.grow_for(job, now)
            if host is not None:
                host.jobs[job.id] = size_of(job)
                return fleet, host
        if not any(fleet.could_ever_hold(job) for fleet in fleets):
            job.status_reason = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - no instance type is large enough"
        else:
            job.status_reason = next((fleet.problem for fleet in fleets if fleet.problem), "")
        return None

    def _start(self, job: Job, fleet: Fleet, host: Host) -> None:
        job.status, job.status_reason = "STARTING", ""
        job.attempts.append(Attempt(secrets.token_hex(16), host.id, fleet.environment.name))
        try:
            self._commands[job.id] = self._launch(job)
        except (logs.NoLogGroup, BadFolder, OSError, ValueError) as error:
            job.attempt.reason = f"CannotStartContainerError: {error}"
            self._finished(job, None)
            return
        job.attempt.started = self._clock.now()
        job.status = "RUNNING"

    def _launch(self, job: Job) -> RunningCommand:
        if not job.command:
            raise ValueError("the sandbox pulls no image, so the job definition has to name a command")
        own = {entry["name"]: entry.get("value", "") for entry in job.container["environment"]}
        configuration = job.container.get("logConfiguration") or {}
        name, attempt = job.definition["jobDefinitionName"], job.attempt
        folder = self._surroundings.folder(own)
        stream = logs.open_stream(self._backend.logs_backend, configuration, name, attempt.task, self._clock.now)
        attempt.log_stream = stream.name
        return RunningCommand(
            job.command,
            environment=self._surroundings.environment(
                job.id, own, region=self._backend.region_name, service=job.variables
            ),
            folder=folder,
            on_line=stream.write,
            on_exit=lambda code: self._exited(job, attempt, code),
        )

    def _exited(self, job: Job, attempt: Attempt, code: int) -> None:
        with self._changed:
            if attempt is job.attempt and job.status in ACTIVE:
                self._finished(job, code)
                self._changed.notify_all()

    def _finished(self, job: Job, code: int | None) -> None:
        """One attempt is over."""
        now = self._clock.now()
        attempt = job.attempt
        attempt.exit_code, attempt.stopped = code, now
        attempt.status_reason = job.status_reason or _ENDED_WELL
        self._commands.pop(job.id, None)
        self._free(job, now)
        job.kill_at = None
        final = job.terminated or job.status_reason.startswith("Job attempt duration")
        if code == 0 and not job.status_reason:
            self._end(job, "SUCCEEDED", _ENDED_WELL)
        elif final or not retry.tried_again(job):
            self._end(job, "FAILED", attempt.status_reason)
        else:
            job.status, job.status_reason, self._again = "RUNNABLE", "", True

    def _end(self, job: Job, status: str, reason: str) -> None:
        job.status, job.status_reason, job.stopped = status, reason, self._clock.now()
        self._surroundings.clear(job.id)

    def _free(self, job: Job, now: float) -> None:
        for fleet in self._fleets.values():
            for host in fleet.hosts:
                if host.jobs.pop(job.id, None) is not None and not host.jobs:
                    host.idle_since, host.keep_until = now, 0.0

    def _ask_to_end(self, job: Job, reason: str, *, grace: float = STOP_GRACE) -> None:
        command = self._commands.get(job.id)
        if command is None:
            return
        job.status_reason = job.status_reason or reason
        job.kill_at = min(job.kill_at or float("inf"), self._clock.now() + grace)
        command.terminate()

    def _enforce(self, job: Job, now: float) -> float | None:
        """Time-outs and the end of a grace; returns when to look again."""
        started = job.attempt.started
        if job.kill_at is not None:
            if job.kill_at <= now and job.id in self._commands:
                self._commands[job.id].kill()
                return None
            return job.kill_at
        if job.timeout is None or started is None:
            return None
        if started + job.timeout <= now:
            self._ask_to_end(job, "Job attempt duration exceeded timeout")
            return job.kill_at
        return started + job.timeout

    def _scale(self, fleet: Fleet, now: float) -> float | None:
        if fleet.environment.state == "ENABLED":
            fleet.grow_to(int(fleet.resources.get("minvCpus", 0)), now)
        return fleet.shrink(now)
