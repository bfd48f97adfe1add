"""One pool's jobs on AWS Batch: submitting one, following it and its log to the end, ending others.

https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from tideform.backends.training.batch.image import definition_with
from tideform.backends.training.batch.in_account import ending
from tideform.backends.training.batch.job_size import can_be_overridden
from tideform.burst.claiming import claim_now
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease
from tideform.burst.log_stream import LogTail
from tideform.burst.runner import Job, OnLog, Work
from tideform.burst.waiting import Waiting
from tideform.cloud import Cloud
from tideform.components.jobs.command import gathered, with_empty
from tideform.components.jobs.environment import empty_variables
from tideform.errors import CloudError, RefusedError, TideformError
from tideform.pools.names import PoolNames
from tideform.reaper.base import Handle
from tideform.reaper.batch_states import ENDED, SUCCEEDED, WAITING, describable
from tideform.reaper.job_name import job_name

_LEAST_TIMEOUT = 60  # seconds; Batch takes no less


@dataclass(frozen=True)
class BatchJobs:
    """The jobs in one pool's queue; ``poll`` is how often to look, in seconds."""

    cloud: Cloud
    pool: str
    names: PoolNames
    handle: Handle
    poll: float

    def run(self, lease: Lease, work: Work, on_log: OnLog, halt: Halt, *, rest: int, machines: int) -> int:
        """Submit, follow, and return the exit code; ``machines`` is how many jobs the pool can hold at once.

        Raises `RefusedError` TD612 if the command never ran, TD171 if the pool's jobs are not of several nodes.
        """
        from tideform.backends.training.batch.gang import run_gang
        from tideform.backends.training.batch.sweep import SweepRun

        if self._of_nodes(work):
            return run_gang(self, lease, work, on_log, halt, rest=rest)
        if work.array:
            return SweepRun(self, lease, work, on_log, halt, rest).run(machines)
        return self._run_one(self.submit(lease, work, rest), on_log, halt)

    def begin(self, lease: Lease, work: Work, *, rest: int) -> str:
        """Submit what nobody follows, a sweep as one array, and return its id.

        Raises `RefusedError` TD635 for a sweep that an array cannot be told, TD171 as `run` does.
        """
        from tideform.backends.training.batch.sweep import submit_array

        if self._of_nodes(work):
            return self.submit_nodes(lease, work, rest)
        if len(work.array) > 1:
            if job_id := submit_array(self, lease, work, rest):
                return job_id
            raise too_long(self.pool)
        own = work.array[0] if work.array else {}
        return self.submit(lease, replace(work, environment={**work.environment, **own}), rest)

    def _of_nodes(self, work: Work) -> bool:
        """Whether the pool's jobs are of several nodes. Raises `RefusedError` TD171 where ``work`` alone is."""
        found = bool(self._definition().get("type") == "multinode")
        if work.nodes > 1 and not found:
            raise one_node(self.pool, work.nodes)
        return found

    def _run_one(self, job_id: str, on_log: OnLog, halt: Halt) -> int:
        tail, waiting = LogTail(self.cloud, on_log), Waiting(halt.say)
        while True:
            job = self.describe(job_id)
            waiting.on(waits(job))
            tail.follow(job.get("container", {}))
            if job["status"] in ENDED:
                tail.finish(halt, self.poll)
                return exit_code(job)
            halt.check()
            halt.wait(self.poll)

    def unfinished(self) -> tuple[Job, ...]:
        """The jobs that have not finished; none where there is no queue."""
        return tuple(_job(entry) for entry in ending.jobs(self.cloud, self.handle))

    def missing_timeout(self) -> str:
        """Why jobs would not be bounded: a definition without a time-out of its own."""
        newest = self._definition()
        if not newest:
            return f"there is no job definition {self.names.job_definition}"
        return "" if newest.get("timeout") else f"the job definition {self.names.job_definition} has no time-out"

    def own_command(self) -> list[str]:
        """The command of the pool's job definition."""
        definition = self._definition()
        nodes = definition.get("nodeProperties", {}).get("nodeRangeProperties", [])
        container = nodes[0]["container"] if nodes else definition.get("containerProperties", {})
        return list(container.get("command", []))

    def _definition(self) -> dict[str, Any]:
        """The newest revision; empty if there is none."""
        found = self.cloud.client("batch").describe_job_definitions(
            jobDefinitionName=self.names.job_definition, status="ACTIVE"
        )["jobDefinitions"]
        newest: dict[str, Any] = max(found, key=lambda d: int(d["revision"]), default={})
        return newest

    def submit(self, lease: Lease, work: Work, rest: int, *, part: str = "", **more: Any) -> str:
        """Submit a job of one container; ``rest`` is what is left of the lease in seconds. Returns its id."""
        with self._told(lease, work, work.command) as (definition, overrides):
            return self._submit(definition, lease, work, rest, part, containerOverrides=overrides, **more)

    def submit_nodes(self, lease: Lease, work: Work, rest: int) -> str:
        """Submit a job of the kind that has several nodes, all alike: as many as are asked for. Returns its id."""
        with self._told(lease, work, tuple(gathered(work.command)) if work.command else ()) as (definition, overrides):
            every = {"targetNodes": "0:", "containerOverrides": overrides}
            asked = {"numNodes": work.nodes, "nodePropertyOverrides": [every]}
            return self._submit(definition, lease, work, rest, "", nodeOverrides=asked)

    @contextmanager
    def _told(self, lease: Lease, work: Work, command: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
        """A definition and what overrides it; one of the job's own where that is too long, or the image another."""
        overrides = self.overrides(lease.id, work, command)
        short = can_be_overridden(overrides)
        if short and work.image is None:
            yield self.names.job_definition, overrides
            return
        moved = {} if short else overrides
        with definition_with(self.cloud.client("batch"), self._definition(), work.image, moved) as definition:
            yield definition, overrides if short else {}

    def overrides(self, lease: str, work: Work, command: tuple[str, ...]) -> dict[str, Any]:
        """``containerOverrides``: Batch drops empty variables, so those are set before the command."""
        variables = {**work.environment, "TIDEFORM_LEASE": lease}
        empty = {name for name, value in variables.items() if not value}
        overrides: dict[str, Any] = {"environment": [{"name": n, "value": v} for n, v in variables.items() if v]}
        if command or empty:
            job = self.names.deployment.spec.training[self.pool].job
            others = empty_variables(job) - set(variables)
            overrides["command"] = with_empty(command or self.own_command(), empty | others)
        return overrides

    def _submit(self, definition: str, lease: Lease, work: Work, rest: int, part: str, **what: Any) -> str:
        answer = self.cloud.client("batch").submit_job(
            jobName=job_name(self.pool, lease.id, part),
            jobQueue=self.names.job_queue,
            jobDefinition=definition,
            timeout={"attemptDurationSeconds": max(rest, _LEAST_TIMEOUT)},
            tags={
                **self.handle["tags"],
                **claim_now(self.cloud, self.names.deployment, lease).tags,
                **({"tideform:code": work.code} if work.code else {}),
            },
            propagateTags=True,
            **what,
        )
        return str(answer["jobId"])

    def describe(self, job_id: str) -> dict[str, Any]:
        """A job, or a node of one. Raises `CloudError` TD615 where Batch does not know it."""
        jobs = self.cloud.client("batch").describe_jobs(jobs=[job_id])["jobs"]
        if not jobs:
            raise CloudError.of(
                "TD615",
                "The job is gone",
                detail=f"Batch no longer knows the job {job_id}.",
                fix="Run it again; `tideform logs` has what it printed.",
            )
        found: dict[str, Any] = jobs[0]
        return found

    def describe_nodes(self, job_id: str, number: int) -> list[dict[str, Any]]:
        """The nodes of a job of several, in order; those that Batch tells of already."""
        ids = [f"{job_id}#{place}" for place in range(number)]
        batch = self.cloud.client("batch")
        found = {job["jobId"]: job for part in describable(ids) for job in batch.describe_jobs(jobs=part)["jobs"]}
        return [found[one] for one in ids if one in found]


def _job(entry: dict[str, Any]) -> Job:
    return Job(entry["jobId"], str(entry["jobName"]), entry["status"], ending.lease_of(entry))


def waits(job: Mapping[str, Any]) -> str:
    """What a job waits for, in Batch's words; empty once its container runs.

    https://docs.aws.amazon.com/batch/latest/userguide/job_states.html
    """
    if job["status"] == "STARTING":
        return f"{job['jobName']} is about to start: its machine fetches the image."
    why = str(job.get("statusReason") or "")
    return f"{job['jobName']} waits ({job['status']}){f': {why}' if why else ''}." if job["status"] in WAITING else ""


def exit_code(job: Mapping[str, Any]) -> int:
    """The command's own. Raises `RefusedError` TD612 where there is none: it never ran to an end."""
    if job["status"] == SUCCEEDED:
        return 0
    container = job.get("container", {})
    if code := int(container.get("exitCode") or 0):  # one that ends well when it is made to end has not run to its end
        return code
    why = "; ".join(text for text in (job.get("statusReason"), container.get("reason")) if text)
    raise RefusedError.of(
        "TD612",
        "The job did not run to its end",
        detail=f"Batch says: {why or 'nothing'}.",
        fix="Look at the job's image, command and time-out.",
    )


def too_long(pool: str) -> TideformError:
    """Batch does not take what a job is told."""
    return RefusedError.of(
        "TD635",
        "The job is told too much",
        detail=f"The command and the variables of a job of {pool} are longer than AWS Batch takes (24 KiB in all).",
        fix="Put long values into a file of job.code, or into a store.",
    )


def one_node(pool: str, nodes: int) -> TideformError:
    """Batch tells a job of several nodes by its definition: one of a single container runs on one."""
    return RefusedError.of(
        "TD171",
        "The pool's jobs are of one node",
        detail=f"The job definition of {pool} is for a single machine, and {nodes} were asked for.",
        fix="Set job.nodes of the pool and apply.",
    )
