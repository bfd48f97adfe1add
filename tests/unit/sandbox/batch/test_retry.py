from __future__ import annotations

from typing import Any

import pytest

from tideform_sandbox.services.batch.job import Attempt, Job
from tideform_sandbox.services.batch.retry import tried_again

_SPOT = "Host EC2 (instance i-0) terminated."
_SPOT_ONLY = [{"onStatusReason": "Host EC2*", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}]


def _failed(strategy: dict[str, Any], *, attempts: int = 1, **attempt: Any) -> Job:
    job = Job("id", "arn", "queue", 1, {"retryStrategy": strategy}, {"jobName": "job"}, 0.0)
    job.attempts = [Attempt("task", **attempt) for _ in range(attempts)]
    return job


def test_without_a_strategy_there_is_one_attempt() -> None:
    assert not tried_again(_failed({}, exit_code=1))


@pytest.mark.parametrize(("made", "again"), [(1, True), (2, True), (3, False)])
def test_attempts_are_counted(made: int, again: bool) -> None:
    assert tried_again(_failed({"attempts": 3}, attempts=made, exit_code=1)) is again


def test_the_first_condition_that_holds_decides() -> None:
    conditions = [{"onExitCode": "1*", "action": "EXIT"}, {"onExitCode": "137", "action": "RETRY"}]
    assert not tried_again(_failed({"attempts": 3, "evaluateOnExit": conditions}, exit_code=137))


def test_where_no_condition_holds_it_is_tried_again() -> None:
    conditions = [{"onExitCode": "2", "action": "EXIT"}]
    assert tried_again(_failed({"attempts": 3, "evaluateOnExit": conditions}, exit_code=1))


def test_a_spot_interruption_is_told_apart_from_a_failure() -> None:
    strategy = {"attempts": 3, "evaluateOnExit": _SPOT_ONLY}
    assert tried_again(_failed(strategy, status_reason=_SPOT))
    assert not tried_again(_failed(strategy, exit_code=1, status_reason="Essential container in task exited"))


def test_all_parts_of_a_condition_must_hold() -> None:
    conditions = [{"onExitCode": "1", "onReason": "OutOfMemory*", "action": "EXIT"}]
    assert tried_again(_failed({"attempts": 2, "evaluateOnExit": conditions}, exit_code=1, reason="other"))


def test_case_does_not_matter() -> None:
    conditions = [{"onStatusReason": "host ec2*", "action": "exit"}]
    assert not tried_again(_failed({"attempts": 2, "evaluateOnExit": conditions}, status_reason=_SPOT))
