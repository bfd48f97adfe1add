"""A job that ran into its time-out, which is what was left of its lease, was stopped, on every backend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from tideform.backends.training.batch.in_account import ending
from tideform.backends.training.batch.in_account import history as batch
from tideform.backends.training.ec2.in_account import history as ec2
from tideform.backends.training.sagemaker.in_account import history as sagemaker
from tideform.reaper.base import Clients
from tideform.reaper.history.base import JobRecord, JobState

WHEN = datetime(2026, 12, 1, tzinfo=UTC)


class Answers:
    """Clients whose every operation, paginated or not, answers with what it was given."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def client(self, _: str) -> Any:
        return self

    def get_paginator(self, operation: str) -> Any:
        class Pages:
            def paginate(_, **asked: Any) -> list[Any]:  # noqa: N805
                found = self.answers[operation]
                return [found(asked) if callable(found) else found]

        return Pages()

    def __getattr__(self, operation: str) -> Any:
        return lambda **_: self.answers[operation]


def of_batch(reason: str) -> JobState:
    job = {"jobId": "j", "jobName": "fit-l1", "status": "FAILED", "statusReason": reason, "createdAt": 1}

    def listed(asked: dict[str, Any]) -> dict[str, Any]:
        return {"jobSummaryList": [job] if asked["jobStatus"] == "FAILED" else []}

    queues = {"jobQueues": [{"status": "VALID"}]}
    there = Answers(describe_job_queues=queues, list_jobs=listed, describe_jobs={"jobs": [job]})
    (found,) = batch.jobs(cast(Clients, there), {"job_queue": "fit"})
    return found.state


def of_ec2(details: str, *plugins: dict[str, Any]) -> JobRecord:
    """Of a command that might run for an hour."""
    parameters = {"commands": ["true"], "executionTimeout": ["3600"]}
    command = {"CommandId": "c", "Comment": "demo l1", "Status": "TimedOut", "RequestedDateTime": WHEN}
    invocation = {"Status": "TimedOut", "StatusDetails": details, "CommandPlugins": list(plugins)}
    there = Answers(
        list_commands={"Commands": [{**command, "Parameters": parameters}]},
        list_command_invocations={"CommandInvocations": [invocation]},
    )
    (found,) = ec2.jobs(cast(Clients, there), {"comment": "demo "})
    return found


@pytest.mark.parametrize("status", ["DELETING", "DELETED"])
def test_a_queue_that_goes_with_its_pool_remembers_nothing(status: str) -> None:
    there = Answers(describe_job_queues={"jobQueues": [{"status": status}]})  # any other question fails
    assert batch.jobs(cast(Clients, there), {"job_queue": "fit"}) == []
    assert ending.jobs(cast(Clients, there), {"job_queue": "fit"}) == []


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("Job attempt duration exceeded timeout", JobState.STOPPED),
        ("its burst is over", JobState.STOPPED),
        ("Essential container in task exited", JobState.FAILED),
    ],
)
def test_on_batch(reason: str, state: JobState) -> None:
    assert of_batch(reason) is state


@pytest.mark.parametrize(
    ("details", "state"),
    [
        ("ExecutionTimedOut", JobState.STOPPED),
        ("Execution Timed Out", JobState.STOPPED),
        ("DeliveryTimedOut", JobState.FAILED),
        ("Delivery Timed Out", JobState.FAILED),
    ],
)
def test_on_ec2_but_not_what_never_reached_its_machine(details: str, state: JobState) -> None:
    assert of_ec2(details).state is state


@pytest.mark.parametrize(("seconds", "state", "code"), [(600, JobState.FAILED, 137), (3600, JobState.STOPPED, None)])
def test_on_ec2_a_job_that_was_killed_before_its_time_was_up_has_failed(
    seconds: float, state: JobState, code: int | None
) -> None:
    times = {"ResponseStartDateTime": WHEN, "ResponseFinishDateTime": WHEN + timedelta(seconds=seconds)}
    found = of_ec2("ExecutionTimedOut", {"Status": "TimedOut", "ResponseCode": 137, **times})
    assert (found.state, found.exit_code) == (state, code)


def test_on_sagemaker() -> None:
    job = {
        "TrainingJobName": "p-l1-x",
        "TrainingJobStatus": "Stopped",
        "SecondaryStatus": "MaxRuntimeExceeded",
        "CreationTime": WHEN,
    }
    there = Answers(
        list_training_jobs={"TrainingJobSummaries": [{"TrainingJobName": "p-l1-x", "CreationTime": WHEN}]},
        describe_training_job=job,
    )
    (found,) = sagemaker.jobs(cast(Clients, there), {"job_prefix": "p-"}, leases={"l1"})
    assert found.state is JobState.STOPPED
