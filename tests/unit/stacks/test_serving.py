"""The serving layer on SageMaker."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL, collect, inputs, of_type, statements
from tideform.model.engine import Preview


def served(**words: Any) -> Preview:
    return collect("serving", "score", serving={"score": {**FULL["serving"]["score"], **words}})


def test_the_pinned_model_is_served_in_the_private_network() -> None:
    model = inputs(served(), "Model", "score")
    assert model["primaryContainer"]["modelDataUrl"].endswith("/score/3/model.tar.gz")
    assert model["enableNetworkIsolation"] is True
    assert set(model["vpcConfig"]) == {"securityGroupIds", "subnets"}


def test_without_an_image_aws_own_runs_the_models_code() -> None:
    container = inputs(served(), "Model", "score")["primaryContainer"]
    assert container["image"].startswith("141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:")
    assert container["environment"]["SAGEMAKER_PROGRAM"] == "inference.py"


def test_a_bare_image_is_one_of_the_accounts_own() -> None:
    model = {"from": "models", "version": 3, "image": "scorer:7"}
    container = inputs(served(model=model), "Model", "score")["primaryContainer"]
    assert container["image"] == "123456789012.dkr.ecr.eu-west-1.amazonaws.com/scorer:7"


def test_a_new_model_makes_a_new_configuration_beside_the_old() -> None:
    old = inputs(collect("serving", "score"), "EndpointConfiguration", "score")["name"]
    new = collect("serving", "score", pinned={"score": "score/4/model.tar.gz"})
    assert inputs(new, "EndpointConfiguration", "score")["name"] != old
    assert inputs(new, "Endpoint", "score")["name"] == "fraud-scoring-dev-score"


def test_disks_are_encrypted_with_the_projects_key() -> None:
    assert "kmsKeyArn" in inputs(served(instance_type="ml.m5.xlarge"), "EndpointConfiguration", "score")


def test_machines_with_disks_of_their_own_take_no_key() -> None:
    assert "kmsKeyArn" not in inputs(served(instance_type="ml.g5.xlarge"), "EndpointConfiguration", "score")


@pytest.mark.parametrize(
    ("rollout", "count"), [({"canary": "10%"}, 2), ({"bake": "10m"}, 1), (None, 1)], ids=["canary", "at-once", "none"]
)
def test_a_canary_starts_with_the_two_instances_that_it_needs(rollout: dict[str, str] | None, count: int) -> None:
    (variant,) = inputs(served(rollout=rollout), "EndpointConfiguration", "score")["productionVariants"]
    assert variant["initialInstanceCount"] == count


def test_the_role_pulls_the_models_image_and_no_other() -> None:
    policy = inputs(served(), "RolePolicy", "score-model")["policy"]
    (pull,) = [s for s in statements(policy) if s["Sid"] == "Pull"]
    assert pull["Resource"] == ["arn:aws:ecr:eu-west-1:141502667606:repository/sagemaker-scikit-learn"]


def test_a_canary_is_rolled_back_by_alarms_of_its_own_stack() -> None:
    found = served()
    config = inputs(found, "Endpoint", "score")["deploymentConfig"]
    alarms = {entry["alarmName"] for entry in config["autoRollbackConfiguration"]["alarms"]}
    assert alarms == {r.after["name"] for r in of_type(found, "MetricAlarm") if r.after}
    routing = config["blueGreenUpdatePolicy"]["trafficRoutingConfiguration"]
    assert routing == {
        "type": "CANARY",
        "waitIntervalInSeconds": 900,
        "canarySize": {"type": "CAPACITY_PERCENT", "value": 10},
    }


def test_without_a_canary_everything_moves_at_once_and_bakes() -> None:
    config = inputs(served(rollout={"bake": "10m"}), "Endpoint", "score")["deploymentConfig"]
    routing = config["blueGreenUpdatePolicy"]["trafficRoutingConfiguration"]
    assert routing == {"type": "ALL_AT_ONCE", "waitIntervalInSeconds": 600}


def test_without_a_rollout_there_are_no_alarms_to_pay_for() -> None:
    assert of_type(served(rollout=None), "MetricAlarm") == []


def test_an_endpoint_follows_its_load() -> None:
    found = served()
    target = inputs(found, "Target", "score")
    assert (target["minCapacity"], target["maxCapacity"]) == (1, 10)
    assert target["resourceId"] == "endpoint/fraud-scoring-dev-score/variant/AllTraffic"
    tracking = inputs(found, "Policy", "score")["targetTrackingScalingPolicyConfiguration"]
    assert tracking["targetValue"] == 200


def test_a_fixed_number_of_instances_scales_by_nothing() -> None:
    assert of_type(served(scale={"min": 2, "max": 2}), "Target") == []


def test_captures_go_encrypted_to_the_bucket_that_storage_makes() -> None:
    capture = inputs(served(), "EndpointConfiguration", "score")["dataCaptureConfig"]
    bucket = inputs(collect("storage"), "Bucket", "tideform-captures")["bucket"]
    assert capture["destinationS3Uri"] == f"s3://{bucket}/score"
    assert capture["initialSamplingPercentage"] == 20
    assert "kmsKeyId" in capture


@pytest.mark.parametrize("noun", ["Endpoint", "EndpointConfiguration", "Model"])
def test_an_endpoint_is_one_of_each(noun: str) -> None:
    assert len(of_type(served(), noun)) == 1


def test_exports() -> None:
    assert set(served().outputs) == {"endpoint_name", "endpoint_arn"}
