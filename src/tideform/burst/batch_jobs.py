"""One pool's jobs on AWS Batch: submitting one, following it and its log to the end, ending others.

https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tideform.burst.halt import Halt
from tideform.burst.lease import Lease
from tideform.burst.log_stream import LogTail
from tideform.burst.reaper.base import Handle
from tideform.burst.reaper.endings import batch as ending
from tideform.burst.runner import Job, OnLog, Work
from tideform.catalogue.training._names import PoolNames
from tideform.cloud import Cloud
from tideform.errors import CloudError, RefusedError

_LEAST_TIMEOUT = 60  # seconds; Batch takes no less


@dataclass(frozen=True)
class BatchJobs:
    """The jobs in one pool's queue; ``poll`` is how often to look, in seconds."""

    cloud: Cloud
    pool: str
    names: PoolNames
    handle: Handle
    poll: float

    def run(self, lease: Lease, work: Work, on_log: OnLog, halt: Halt, *, rest: int) -> int:
        """Submit, follow, and return the exit code. Raises `RefusedError` TD612 if the command never ran."""
        job_id = self._submit(lease, work, max(rest, _LEAST_TIMEOUT))
        tail = LogTail(self.cloud, on_log)
        while True:
            job = self._describe(job_id)
            tail.follow(job.get("container", {}))
            if job["status"] in ("SUCCEEDED", "FAILED"):
                tail.finish(halt, self.poll)
                return _exit_code(job)
            halt.check()
            halt.wait(self.poll)

    def unfinished(self) -> tuple[Job, ...]:
        """The jobs that have not finished; none where there is no queue."""
        return tuple(_job(entry) for entry in ending.jobs(self.cloud, self.handle))

    def missing_timeout(self) -> str:
        """Why jobs would not be bounded: a definition without a time-out of its own."""
        definitions = self.cloud.client("batch").describe_job_definitions(
            jobDefinitionName=self.names.job_definition, status="ACTIVE"
        )["jobDefinitions"]
        if not definitions:
            return f"there is no job definition {self.names.job_definition}"
        newest = max(definitions, key=lambda d: int(d["revision"]))
        return "" if newest.get("timeout") else f"the job definition {self.names.job_definition} has no time-out"

    def _submit(self, lease: Lease, work: Work, timeout: int) -> str:
        variables = {**work.environment, "TIDEFORM_LEASE": lease.id}
        overrides: dict[str, Any] = {"environment": [{"name": n, "value": v} for n, v in variables.items()]}
        if work.command:
            overrides["command"] = list(work.command)
        answer = self.cloud.client("batch").submit_job(
            jobName=f"{self.pool}-{lease.id}",
            jobQueue=self.names.job_queue,
            jobDefinition=self.names.job_definition,
            containerOverrides=overrides,
            timeout={"attemptDurationSeconds": timeout},
            tags={"tideform:lease": lease.id},
            propagateTags=True,
        )
        return str(answer["jobId"])

    def _describe(self, job_id: str) -> dict[str, Any]:
        jobs = self.cloud.client("batch").describe_jobs(jobs=[job_id])["jobs"]
        if not jobs:
            raise CloudError.of("TD615", "The job is gone", detail=f"Batch no longer knows the job {job_id}.")
        found: dict[str, Any] = jobs[0]
        return found


def _job(entry: dict[str, Any]) -> Job:
    return Job(entry["jobId"], str(entry["jobName"]), entry["status"], ending.lease_of(entry))


def _exit_code(job: Mapping[str, Any]) -> int:
    """The command's own; a job that ended without one never ran its command to an end, and says why."""
    if job["status"] == "SUCCEEDED":
        return 0
    container = job.get("container", {})
    if (code := container.get("exitCode")) is not None:
        return int(code)
    why = "; ".join(text for text in (job.get("statusReason"), container.get("reason")) if text)
    raise RefusedError.of(
        "TD612",
        "The job did not run to its end",
        detail=f"Batch says: {why or 'nothing'}.",
        fix="Look at the job's image, command and time-out.",
    )
