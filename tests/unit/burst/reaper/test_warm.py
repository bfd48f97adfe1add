"""Which warm machines of SageMaker make way for a job."""

from __future__ import annotations

from typing import Any

import pytest

from tideform.backends.training.sagemaker.in_account.warm import alike, in_the_way

PLACE = {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}


def job(name: str = "", *, machines: int = 1, kept: int = 600, **words: Any) -> dict[str, Any]:
    resources = {"InstanceType": "ml.m5.large", "InstanceCount": machines, "KeepAlivePeriodInSeconds": kept}
    return {"TrainingJobName": name, "RoleArn": "role", "VpcConfig": PLACE, "ResourceConfig": resources, **words}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (job(), True),
        (job(VpcConfig={**PLACE, "Subnets": ["subnet-2", "subnet-1"]}), True),
        (job(machines=2), False),
        (job(RoleArn="other"), False),
        (job(VpcConfig={**PLACE, "Subnets": ["subnet-1"]}), False),
        (job(EnableInterContainerTrafficEncryption=True), False),
        (job(kept=0), False),  # a job that keeps none warm takes up none
    ],
)
def test_only_a_job_like_it_takes_up_warm_machines(other: dict[str, Any], expected: bool) -> None:
    assert alike(job("kept"), other) is expected


@pytest.mark.parametrize(
    ("own", "spare", "gone"),
    [
        (1, 0, ["other", "same-2"]),  # one is taken up
        (2, 0, ["other"]),
        (1, 1, ["other"]),
        (1, 2, ["other"]),
        (1, 3, []),
        (0, -1, ["other", "same-1", "same-2"]),
    ],
)
def test_those_that_are_not_taken_up_go_where_there_is_no_room_for_them(own: int, spare: int, gone: list[str]) -> None:
    there = [job("other", machines=2), job("same-1"), job("same-2")]
    assert sorted(in_the_way(there, job(), own, spare)) == gone
