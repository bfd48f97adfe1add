"""The training layer on SageMaker."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.stacks.collecting import FULL, collect, inputs, statements

POOL = {
    "backend": "sagemaker",
    "instance_types": ["ml.g5.xlarge"],
    "job": {"image": "trainer", "command": ["true"], "inputs": ["transactions"], "outputs": ["models"]},
}
PREFIX = "fraud-scoring-dev-pool-"


def pool(**words: Any) -> Any:
    return collect("training", "pool", training={"pool": {**POOL, **words}})


def role_statements() -> dict[str, Any]:
    return {s["Sid"]: s for s in statements(inputs(pool(), "RolePolicy", "pool-training")["policy"])}


def test_only_a_role_stands_between_bursts() -> None:
    kinds = {r.type for r in pool().resources if not r.type.startswith(("pulumi:", "tideform:"))}
    assert kinds == {"aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"}


def test_jobs_write_only_their_own_log_streams() -> None:
    (stream,) = role_statements()["Log"]["Resource"]
    assert ":log-group:/aws/sagemaker/TrainingJobs:log-stream:" + PREFIX in stream


def test_jobs_read_inputs_and_write_outputs_alone() -> None:
    found = role_statements()
    assert all(":::fraud-scoring-dev-transactions-" in arn for arn in found["ReadInputs"]["Resource"])
    assert all(":::fraud-scoring-dev-models-" in arn for arn in found["WriteOutputs"]["Resource"])


def test_only_sagemaker_takes_the_role_and_only_for_us() -> None:
    (trust,) = statements(inputs(pool(), "Role", "pool-training")["assumeRolePolicy"])
    assert trust["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}


def test_failed_jobs_of_the_pool_are_told() -> None:
    found = collect("monitoring", training={**FULL["training"], "pool": POOL})
    pattern = json.loads(inputs(found, "EventRule", "pool")["eventPattern"])
    (name,) = pattern["detail"]["TrainingJobName"]
    assert (pattern["source"], name["prefix"][: len(PREFIX)]) == (["aws.sagemaker"], PREFIX)


def starter() -> tuple[Any, dict[str, Any]]:
    """The starter of a pool on a schedule, and what it may do, by statement."""
    found = pool(schedule="rate(1 day)", checkpoint={"every": "10m"})
    policy = inputs(found, "RolePolicy", "pool-starter")["policy"]
    return inputs(found, "Function", "pool-starter"), {s["Sid"]: s for s in statements(policy)}


def test_what_starts_a_pool_may_create_that_pools_jobs_alone_and_only_as_its_role() -> None:
    _, allowed = starter()
    assert [arn.partition(":training-job/")[2].startswith(PREFIX) for arn in allowed["Create"]["Resource"]] == [True]
    assert allowed["RunAs"]["Resource"] == ["arn:aws:iam::123456789012:role/fraud-scoring-dev-pool-training"]
    assert allowed["RunAs"]["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    assert not any(action.startswith(("batch:", "autoscaling:")) for s in allowed.values() for action in s["Action"])


def test_what_starts_a_pool_may_use_its_training_plan_and_no_other() -> None:
    plan = "arn:aws:sagemaker:eu-west-1:123456789012:training-plan/week"
    found = pool(schedule="rate(1 day)", capacity={"blocks": [plan]})
    allowed = {s["Sid"]: s for s in statements(inputs(found, "RolePolicy", "pool-starter")["policy"])}
    assert [arn for arn in allowed["UsePlans"]["Resource"] if ":training-plan/" in arn] == [plan]


def test_what_starts_a_pool_is_told_where_its_jobs_run() -> None:
    function, _ = starter()
    assert set(function["environment"]["variables"]) == {"TABLE", "PLACE"}
