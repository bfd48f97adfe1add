"""AWS Batch keeps jobs for seven days after their end at most.

https://docs.aws.amazon.com/batch/latest/APIReference/API_JobSummary.html
https://docs.aws.amazon.com/batch/latest/APIReference/API_AttemptDetail.html
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from tideform.backends.training.batch.in_account import ending
from tideform.reaper.base import Clients, Handle
from tideform.reaper.batch_states import (
    AT_WORK,
    FAILED,
    SUCCEEDED,
    WAITING,
    describable,
    lists_jobs,
)
from tideform.reaper.history.base import JobRecord, JobState
from tideform.reaper.job_name import part_of

_STATES = {
    **dict.fromkeys(WAITING, JobState.WAITING),
    **dict.fromkeys(AT_WORK, JobState.RUNNING),
    SUCCEEDED: JobState.SUCCEEDED,
    FAILED: JobState.FAILED,
}


# What Batch says of a job that ran into its time-out, which is what was left of its lease.
# https://docs.aws.amazon.com/batch/latest/userguide/job_timeouts.html
_OUT_OF_TIME = "Job attempt duration exceeded timeout"


def jobs(
    clients: Clients, handle: Handle, since: float = 0.0, *, leases: Container[str] | None = None
) -> list[JobRecord]:
    """The jobs of the pool's queue; none where there is no queue. One that moves on between two lists is one job.

    Of those created before ``since`` nothing more is asked; they are listed all the same, by state, and are of seven
    days at most.
    """
    queue = handle["job_queue"]
    if not lists_jobs(clients.client("batch").describe_job_queues(jobQueues=[queue])["jobQueues"]):
        return []
    found = ending.listed(clients, _STATES, jobQueue=queue)
    chosen = [one for one in found if leases is None or ending.lease_of(one) in leases]
    once = {one["jobId"]: one for one in chosen if (_seconds(one, "createdAt") or 0.0) >= since}
    return [_record(clients, job) for job in _described(clients, once)]


def _described(clients: Clients, found: Mapping[str, Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """The jobs with their attempts, which no list has; as they are listed where Batch has forgotten them by now."""
    batch = clients.client("batch")
    told = [job for part in describable(list(found)) for job in batch.describe_jobs(jobs=part)["jobs"]]
    return ({**found, **{job["jobId"]: job for job in told}}).values()


def _record(clients: Clients, job: Mapping[str, Any]) -> JobRecord:
    name, lease = str(job["jobName"]), ending.lease_of(dict(job))
    state = _STATES[job["status"]]
    if state is JobState.FAILED and job.get("statusReason") in (ending.BURST_OVER, _OUT_OF_TIME):
        state = JobState.STOPPED
    ended = _seconds(job, "stoppedAt")
    return JobRecord(
        id=str(job["jobId"]),
        lease=lease,
        part=part_of(name, lease),
        state=state,
        created=_seconds(job, "createdAt") or 0.0,
        began=_began(job),
        ended=ended,
        exit_code=_exit_code(clients, job) if state is JobState.FAILED else None,
        attempts=len(_attempts(job)) + (job["status"] in AT_WORK),
    )


def _attempts(job: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those that are over and had begun. An array has none: its members do."""
    return [one for one in job.get("attempts") or () if one.get("startedAt")]


def _began(job: Mapping[str, Any]) -> float | None:
    """With its first attempt: the job itself tells of the last."""
    told = (_seconds(one, "startedAt") for one in (*_attempts(job), job))
    return min((at for at in told if at is not None), default=None)


def _exit_code(clients: Clients, job: Mapping[str, Any]) -> int | None:
    """A job of several members or nodes has none of its own: the first of theirs that failed is."""
    kinds = {"arrayJobId": "arrayProperties", "multiNodeJobId": "nodeProperties"}
    of = next((key for key, several in kinds.items() if job.get(several)), None)
    ends = [job] if of is None else ending.listed(clients, [FAILED], **{of: str(job["jobId"])})
    for one in sorted(ends, key=lambda each: int(each.get("stoppedAt", 0))):
        if code := int((one.get("container") or {}).get("exitCode") or 0):
            return code
    return None


def _seconds(job: Mapping[str, Any], key: str) -> float | None:
    """Batch tells milliseconds."""
    return job[key] / 1000 if job.get(key) else None
