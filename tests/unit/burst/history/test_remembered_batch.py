"""A job of Batch that lost its machine and was tried again: it began once, and its attempts are counted."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.unit.burst.history.test_out_of_time import Answers
from tideform.backends.training.batch.in_account import history as batch
from tideform.reaper.base import Clients
from tideform.reaper.history.base import JobRecord

LOST = {"startedAt": 2_000, "stoppedAt": 50_000, "statusReason": "Host EC2 (instance i-1) terminated."}
NEVER = {"stoppedAt": 60_000, "statusReason": "Task failed to start"}
LAST = {"startedAt": 70_000, "stoppedAt": 90_000}


def record(status: str, attempts: list[dict[str, Any]] | None, **times: int) -> JobRecord:
    """As it is remembered; without ``attempts`` Batch has forgotten it since it was listed."""
    listed = {"jobId": "j", "jobName": "fit-l1", "status": status, "createdAt": 1_000, **times}

    def listing(asked: dict[str, Any]) -> dict[str, Any]:
        return {"jobSummaryList": [listed] if asked["jobStatus"] == status else []}

    told = [] if attempts is None else [{**listed, "attempts": attempts}]
    queues = {"jobQueues": [{"status": "VALID"}]}
    there = Answers(describe_job_queues=queues, list_jobs=listing, describe_jobs={"jobs": told})
    (found,) = batch.jobs(cast(Clients, there), {"job_queue": "fit"})
    return found


@pytest.mark.parametrize(
    ("status", "attempts", "times", "began", "count"),
    [
        ("RUNNABLE", [], {}, None, 0),
        ("RUNNING", [], {"startedAt": 2_000}, 2.0, 1),
        ("RUNNABLE", [LOST], {}, 2.0, 1),
        ("RUNNING", [LOST], {"startedAt": 70_000}, 2.0, 2),
        ("SUCCEEDED", [LOST, LAST], {"startedAt": 70_000, "stoppedAt": 90_000}, 2.0, 2),
        ("SUCCEEDED", [NEVER, LAST], {"startedAt": 70_000, "stoppedAt": 90_000}, 70.0, 1),
        ("SUCCEEDED", None, {"startedAt": 70_000, "stoppedAt": 90_000}, 70.0, 0),
    ],
    ids=["waits", "runs", "waits-again", "runs-again", "ended", "first-never-began", "forgotten-meanwhile"],
)
def test_it_began_with_its_first_attempt_and_those_that_began_are_counted(
    status: str, attempts: list[dict[str, Any]] | None, times: dict[str, int], began: float | None, count: int
) -> None:
    found = record(status, attempts, **times)
    assert (found.began, found.attempts) == (began, count)
