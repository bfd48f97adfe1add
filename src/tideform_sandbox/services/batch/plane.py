"""The control plane of one region: places jobs on capacity, starts them, ends them, lets capacity go.

One thread does everything that happens by itself, under one lock, and sleeps until something changed or is due.
"""

from __future__ import annotations

import logging
import secrets
import threading
from typing import Any

from tideform_sandbox.services.batch import commands, gang, retry
from tideform_sandbox.services.batch.commands import CannotStart, Commands
from tideform_sandbox.services.batch.fleet import DESIRED_GRACE, Fleet, Host, size_of
from tideform_sandbox.services.batch.job import ACTIVE, ENDED, WAITING, Attempt, Job, array_status
from tideform_sandbox.services.batch.telling import Telling
from tideform_sandbox.services.batch.waiting import why_it_waits
from tideform_sandbox.world import World

log = logging.getLogger(__name__)

_ENDED_WELL = "Essential container in task exited"
_MAIN_EXITED = "The main node has exited"


class Plane:
    """Jobs and capacity of one region; every method may be called from any thread."""

    def __init__(self, backend: Any, world: World) -> None:
        self._backend, self._clock = backend, world.clock
        self._commands, self._telling = Commands(backend, world), Telling(backend, world)
        self._timeline, self._key = world.timeline, f"batch/{backend.account_id}/{backend.region_name}"
        self._changed = threading.Condition(threading.RLock())
        self._jobs: dict[str, Job] = {}
        self._fleets: dict[str, Fleet] = {}
        self._closed = False
        self._again = False  # a step made work for another one
        self._thread = threading.Thread(target=self._run, name=f"batch-{backend.region_name}", daemon=True)
        self._thread.start()

    # What the API asks for

    def add(self, job: Job) -> None:
        """Take a job, and an array's children or a gang's nodes, in."""
        with self._changed:
            for member in job.members:
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
            for member in job.members:
                if member.status in WAITING:
                    member.cancelled = True
                    self._end(member, "FAILED", reason)
            self._changed.notify_all()

    def terminate(self, job: Job, reason: str) -> None:
        """End a job wherever it is; its command gets SIGTERM, and SIGKILL after a grace."""
        with self._changed:
            for member in job.members:
                if member.status in ENDED:
                    continue
                member.terminated = True
                if member.status in WAITING:
                    self._end(member, "FAILED", reason)
                else:
                    self._commands.ask_to_end(member, reason)
            self._changed.notify_all()

    def changed(self, renewed: Fleet | None = None) -> None:
        """An environment or a queue changed: look again. The machines of one that is ``renewed`` are replaced."""
        with self._changed:
            if renewed:
                renewed.renew()
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
                    self._commands.ask_to_end(job, "compute environment deleted", grace=0)
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
                        self._commands.ask_to_end(self._jobs[job_id], reason, grace=0)
            self._changed.notify_all()

    @property
    def running(self) -> list[Job]:
        """The jobs that hold capacity, the newest first."""
        return [job for job in self.jobs() if job.status in ACTIVE and job.node is None]

    def close(self) -> None:
        """End everything; for the server's own end."""
        with self._changed:
            self._closed = True
            running = self._commands.all()
            self._changed.notify_all()
        commands.close(running)

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
            due = self._step(self._clock.now())
            self._telling.look(self._jobs.values())
            return due
        except Exception:  # the plane must outlive a bug: jobs would hang and capacity stand for ever
            log.exception("a step of the batch control plane failed")
            return self._clock.now() + 1

    def _step(self, now: float) -> float | None:
        self._again = False
        self._release()
        self._place(now)
        dues = [self._commands.enforce(job, now) for job in list(self._jobs.values()) if job.status in ACTIVE]
        dues += [self._scale(fleet, now) for fleet in list(self._fleets.values())]
        return now if self._again else min((due for due in dues if due is not None), default=None)

    def _release(self) -> None:
        """SUBMITTED becomes RUNNABLE when what it waits for has succeeded, FAILED when that failed."""
        for job in list(self._jobs.values()):
            if job.status not in ("SUBMITTED", "PENDING") or job.children or job.node is not None:
                continue
            states = {array_status(self._jobs[other]) for other in job.after}
            if "FAILED" in states:
                self._end(job, "FAILED", "Dependent Job failed")
            else:
                job.status = "RUNNABLE" if states <= {"SUCCEEDED"} else "PENDING"

    def _place(self, now: float) -> None:
        waiting = [job for job in self._jobs.values() if job.status == "RUNNABLE" and job.node is None]
        for job in sorted(waiting, key=lambda job: (-job.priority, job.created)):
            queue = self._backend.get_job_queue(job.queue)
            fleets = [self.fleet(environment) for environment in queue.environments] if queue else []
            enabled = [fleet for fleet in fleets if fleet.environment.state == "ENABLED"]
            if not (self._place_gang(job, enabled, now) if job.nodes else self._place_one(job, enabled, now)):
                job.status_reason = why_it_waits(job, fleets)

    def _place_one(self, job: Job, fleets: list[Fleet], now: float) -> bool:
        for fleet in fleets:
            host = fleet.room_for(job) or fleet.grow_for(job, now)
            if host is not None:
                host.jobs[job.id] = size_of(job)
                if host.ready:
                    self._start(job, fleet, host)
                return True
        return False

    def _place_gang(self, job: Job, fleets: list[Fleet], now: float) -> bool:
        """All nodes at once, in one environment of on-demand machines, or none."""
        for fleet in (fleet for fleet in fleets if fleet.resources.get("type") == "EC2"):
            hosts = gang.room_for(job, fleet, now)
            if hosts is None:
                continue
            job.status, job.status_reason, job.kill_at, job.port = "STARTING", "", None, gang.free_port()
            for node, host in zip(job.nodes, hosts, strict=True):
                node.attempts.append(Attempt(secrets.token_hex(16), host.id, fleet.environment.name))
                node.status, node.status_reason = "STARTING", ""
            job.attempts.append(job.nodes[0].attempt)
            for node in job.nodes:
                self._begin(node)
                if job.nodes[0].status in ENDED:
                    break  # without its main node there is no job
            return True
        return False

    def _start(self, job: Job, fleet: Fleet, host: Host) -> None:
        job.status, job.status_reason = "STARTING", ""
        job.attempts.append(Attempt(secrets.token_hex(16), host.id, fleet.environment.name))
        self._begin(job)

    def _begin(self, job: Job) -> None:
        """Start the command of an attempt that has its place."""
        attempt = job.attempt
        try:
            self._commands.start(job, lambda code: self._exited(job, attempt, code))
        except CannotStart as error:
            attempt.reason = f"CannotStartContainerError: {error}"
            self._finished(job, None)
            return
        attempt.started = self._clock.now()
        job.status = "RUNNING"
        if job.head is not None and job.node == 0:
            job.head.status = "RUNNING"

    def _exited(self, job: Job, attempt: Attempt, code: int) -> None:
        with self._changed:
            if attempt is job.attempt and job.status in ACTIVE:
                self._finished(job, code)
                self._changed.notify_all()

    def _finished(self, job: Job, code: int | None) -> None:
        """One attempt is over; that of a main node is its whole job's."""
        now = self._clock.now()
        attempt = job.attempt
        attempt.exit_code, attempt.stopped = code, now
        attempt.status_reason = job.status_reason or _ENDED_WELL
        self._commands.forget(job)
        self._free(job, now)
        job.kill_at = None
        if job.head is None:
            self._judge(job)
        else:
            well = code == 0 and not job.status_reason
            self._end(job, "SUCCEEDED" if well else "FAILED", attempt.status_reason)
            self._node_finished(job.head)

    def _node_finished(self, job: Job) -> None:
        """A node is over. The others go on without it, as on AWS, unless it was the main one."""
        if job.nodes[0].status not in ENDED or job.status not in ACTIVE:
            return
        for node in job.nodes:
            if node.status == "STARTING":  # never begun
                self._free(node, self._clock.now())
                self._end(node, "FAILED", _MAIN_EXITED)
            elif node.status in ACTIVE:
                self._commands.ask_to_end(node, _MAIN_EXITED)
        left = [node for node in job.nodes if node.status in ACTIVE]
        if not left:
            job.kill_at = None
            self._judge(job)

    def _judge(self, job: Job) -> None:
        """What becomes of a job whose latest attempt is over."""
        reason = job.status_reason or (job.attempt.status_reason if job.nodes else "")
        well = reason in ("", _ENDED_WELL)
        final = job.terminated or reason.startswith("Job attempt duration")
        if job.attempt.exit_code == 0 and well:
            self._end(job, "SUCCEEDED", _ENDED_WELL)
        elif final or not retry.tried_again(job):
            self._end(job, "FAILED", job.attempt.status_reason)
        else:
            for one in (job, *job.nodes):
                one.status, one.status_reason = "RUNNABLE", ""
            self._again = True

    def _end(self, job: Job, status: str, reason: str) -> None:
        job.status, job.status_reason, job.stopped = status, reason, self._clock.now()
        self._free(job, job.stopped)
        self._commands.clear(job)

    def _free(self, job: Job, now: float) -> None:
        for fleet in self._fleets.values():
            fleet.free(job.id, now)

    def _scale(self, fleet: Fleet, now: float) -> float | None:
        if fleet.environment.state == "ENABLED":
            fleet.grow_to(int(fleet.resources.get("minvCpus", 0)), now)
        return fleet.shrink(now)
