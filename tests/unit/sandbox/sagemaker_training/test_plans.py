"""Training plans in the sandbox: bought for a time, used up by jobs that name them, and by no others."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.sagemaker_training.conftest import Training

_NUMBERS = count(1)
HOUR = 3600


def now(training: Training) -> float:
    return float(training.control("GET", "clock")["now"])


def plan(training: Training, *, begins_in: float = 0) -> str:
    """Buy one machine for two hours; returns the plan's ARN."""
    start = datetime.fromtimestamp(now(training) + begins_in, UTC)
    offers = training.api.search_training_plan_offerings(
        InstanceType="ml.m5.large", InstanceCount=1, DurationHours=2, StartTimeAfter=start
    )["TrainingPlanOfferings"]
    made = training.api.create_training_plan(
        TrainingPlanName=f"plan-{next(_NUMBERS)}", TrainingPlanOfferingId=offers[0]["TrainingPlanOfferingId"]
    )
    return str(made["TrainingPlanArn"])


def told(training: Training, arn: str) -> dict[str, Any]:
    found: dict[str, Any] = training.api.describe_training_plan(TrainingPlanName=arn.rpartition("/")[2])
    return found


def within(arn: str) -> dict[str, Any]:
    return {"resources": {"TrainingPlanArn": arn}}


def test_a_job_uses_the_plan_up_and_the_next_one_waits(training: Training) -> None:
    arn = plan(training)
    first = training.create("sleep 300", **within(arn))
    training.reaches(first, "Training")
    assert (told(training, arn)["AvailableInstanceCount"], told(training, arn)["InUseInstanceCount"]) == (0, 1)
    second = training.create("true", **within(arn))
    assert training.job(second)["TrainingJobStatus"] == "InProgress"
    training.api.stop_training_job(TrainingJobName=second)
    training.api.stop_training_job(TrainingJobName=first)
    training.reaches(first, "Stopped")
    assert told(training, arn)["AvailableInstanceCount"] == 1


def test_a_plan_begins_at_its_time(training: Training) -> None:
    arn = plan(training, begins_in=HOUR)
    assert (told(training, arn)["Status"], told(training, arn)["AvailableInstanceCount"]) == ("Scheduled", 0)


@pytest.mark.parametrize("kind", ["ml.c5.xlarge", None])
def test_a_plan_of_another_type_or_of_nobody_is_refused(training: Training, kind: str | None) -> None:
    arn = plan(training)
    resources = {"TrainingPlanArn": arn if kind else f"{arn}-none", **({"InstanceType": kind} if kind else {})}
    with pytest.raises(ClientError, match="has no capacity"):
        training.create("true", resources=resources)
