"""SageMaker keeps training jobs for good.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Any

from tideform.backends.training.sagemaker.in_account import ending
from tideform.backends.training.sagemaker.in_account.states import WAITS
from tideform.reaper.base import Clients, Handle
from tideform.reaper.history.base import JobRecord, JobState

_EXIT = re.compile(r"exit code:?\s*(\d+)", re.IGNORECASE)
_MOST = 200  # the newest; each is asked about by itself
_STATES = {
    "InProgress": JobState.RUNNING,
    "Stopping": JobState.RUNNING,
    "Completed": JobState.SUCCEEDED,
    "Failed": JobState.FAILED,
    "Stopped": JobState.STOPPED,
}


def jobs(
    clients: Clients, handle: Handle, since: float = 0.0, *, leases: Container[str] | None = None
) -> list[JobRecord]:
    """The pool's training jobs. One that was tried on another rung of the ladder is another job of the same part.

    They are listed from the newest to the first that was created before ``since``, and asked about one by one.
    """
    found = [{"TrainingJobName": name} for name in _names(clients, handle, since)]
    chosen = [job for job in found if leases is None or ending.lease_of(handle, job) in leases]
    return [_record(handle, ending.describe(clients, job["TrainingJobName"])) for job in chosen]


def own_code(job: Mapping[str, Any]) -> int | None:
    """The command's exit code, out of why a job failed; None where it never ran to an end."""
    found = _EXIT.search(str(job.get("FailureReason", "")))
    return int(found[1]) if found else None


def _names(clients: Clients, handle: Handle, since: float) -> list[str]:
    pages = clients.client("sagemaker").get_paginator("list_training_jobs")
    newest = {"SortBy": "CreationTime", "SortOrder": "Descending"}
    found: list[str] = []
    for page in pages.paginate(NameContains=handle["job_prefix"], **newest):
        several = page["TrainingJobSummaries"]
        fresh = [str(job["TrainingJobName"]) for job in several if job["CreationTime"].timestamp() >= since]
        found += fresh
        if len(found) >= _MOST or len(fresh) < len(several):
            break
    return [name for name in found if name.startswith(handle["job_prefix"])][:_MOST]


def _record(handle: Handle, job: Mapping[str, Any]) -> JobRecord:
    name, state = str(job["TrainingJobName"]), _STATES.get(str(job["TrainingJobStatus"]), JobState.UNKNOWN)
    if state is JobState.RUNNING and job.get("SecondaryStatus") in WAITS:
        state = JobState.WAITING
    began, ended = job.get("TrainingStartTime"), job.get("TrainingEndTime")
    return JobRecord(
        id=name,
        lease=ending.lease_of(handle, dict(job)),
        part=name.removeprefix(handle["job_prefix"]).rpartition("-")[0],
        state=state,
        created=job["CreationTime"].timestamp(),
        began=None if began is None else began.timestamp(),
        ended=None if ended is None else ended.timestamp(),
        exit_code=own_code(job) if state is JobState.FAILED else None,
    )
