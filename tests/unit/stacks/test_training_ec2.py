"""The training layer on EC2 Auto Scaling."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.unit.stacks.collecting import collect, inputs, of_type, statements
from tideform.model.engine import Preview

JOB = {"image": "trainer", "command": ["torchrun", "train.py"]}


def pool(**words: Any) -> Preview:
    training = {"desk": {"backend": "ec2", "instance_types": ["c5.large"], "job": JOB, **words}}
    return collect("training", "desk", training=training)


def group(found: Preview) -> Any:
    return inputs(found, "Group", "desk")


def template(found: Preview) -> Any:
    return inputs(found, "LaunchTemplate", "desk")


def node_statements(found: Preview) -> dict[str, Any]:
    return {s["Sid"]: s for s in statements(inputs(found, "RolePolicy", "desk-node")["policy"])}


def test_a_group_stands_at_zero_and_may_launch_nothing() -> None:
    found = group(pool(nodes="1..8"))
    assert (found["minSize"], found["desiredCapacity"], found["maxSize"]) == (0, 0, 8)
    assert found["suspendedProcesses"] == ["AZRebalance", "Launch"]


@pytest.mark.parametrize(
    ("capacity", "percent"), [({}, 0), ({"spot": "only"}, 0), ({"spot": "never"}, 100), ({"fallback": "none"}, 0)]
)
def test_spot_is_bought_where_the_pool_allows_it(capacity: dict[str, str], percent: int) -> None:
    distribution = group(pool(capacity=capacity))["mixedInstancesPolicy"]["instancesDistribution"]
    assert distribution["onDemandPercentageAboveBaseCapacity"] == percent
    assert distribution["spotAllocationStrategy"] == "price-capacity-optimized"


def test_every_type_of_the_pool_may_be_launched_in_every_zone() -> None:
    found = group(pool(instance_types=["c5.large", "c5.xlarge"]))
    overrides = found["mixedInstancesPolicy"]["launchTemplate"]["overrides"]
    assert [override["instanceType"] for override in overrides] == ["c5.large", "c5.xlarge"]
    assert found["vpcZoneIdentifiers"] == ["subnet-0a", "subnet-0b"]


def test_the_pools_tags_go_to_instances_and_volumes() -> None:
    found = pool()
    propagated = {tag["key"]: tag["value"] for tag in group(found)["tags"] if tag["propagateAtLaunch"]}
    assert propagated["tideform:unit"] == "desk"
    tagged = {spec["resourceType"]: spec["tags"]["tideform:unit"] for spec in template(found)["tagSpecifications"]}
    assert tagged == {"instance": "desk", "volume": "desk"}


def test_a_machine_waits_for_its_last_checkpoint_two_minutes_at_most() -> None:
    hook = inputs(pool(), "LifecycleHook", "desk")
    assert hook["lifecycleTransition"] == "autoscaling:EC2_INSTANCE_TERMINATING"
    assert (hook["defaultResult"], hook["heartbeatTimeout"] <= 120) == ("CONTINUE", True)


def test_machines_take_metadata_tokens_only_and_encrypt_their_disk() -> None:
    found = template(pool())
    assert found["metadataOptions"]["httpTokens"] == "required"
    disk = found["blockDeviceMappings"][0]["ebs"]
    assert (disk["encrypted"], disk["volumeType"], disk["volumeSize"]) == ("true", "gp3", 100)
    assert disk["kmsKeyId"].startswith("arn:aws:kms:")


@pytest.mark.parametrize(
    ("words", "parameter"),
    [
        ({}, "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"),
        (
            {"instance_types": ["c7g.large"]},
            "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
        ),
        (
            {"instance_types": ["g5.xlarge"]},
            "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-amazon-linux-2023/latest/ami-id",
        ),
    ],
)
def test_the_image_is_looked_up_at_launch(words: dict[str, Any], parameter: str) -> None:
    assert template(pool(**words))["imageId"] == f"resolve:ssm:{parameter}"


def test_user_data_brings_the_runner_and_no_word_of_the_pools() -> None:
    text = base64.b64decode(template(pool())["userData"]).decode()
    assert "/usr/local/bin/tideform-run" in text
    assert "desk" not in text


def test_nodes_may_be_reached_by_ssm_and_do_what_the_job_may() -> None:
    found = pool(job={**JOB, "inputs": ["transactions"], "outputs": ["models"], "secrets": {"TOKEN": "secret:hub"}})
    attached = {r.after["policyArn"] for r in of_type(found, "RolePolicyAttachment") if r.after}
    assert attached == {"arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"}
    allowed = node_statements(found)
    assert "transactions" in allowed["ReadInputs"]["Resource"][0]
    assert "models" in allowed["WriteOutputs"]["Resource"][0]
    assert allowed["FetchSecrets"]["Resource"] == ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:hub-??????"]


def test_a_node_without_secrets_may_fetch_none() -> None:
    assert "FetchSecrets" not in node_statements(pool())


def test_efa_puts_adapters_and_machines_close_together() -> None:
    found = pool(instance_types=["p4d.24xlarge"], nodes=2, interconnect="efa")
    cards = template(found)["networkInterfaces"]
    assert [card["interfaceType"] for card in cards] == ["efa", "efa-only", "efa-only", "efa-only"]
    assert [card["deviceIndex"] for card in cards] == [0, 1, 1, 1]
    assert inputs(found, "PlacementGroup", "desk")["strategy"] == "cluster"
    assert group(found)["vpcZoneIdentifiers"] == ["subnet-0a"]


def test_a_network_with_such_a_pool_reaches_ssm() -> None:
    training = {"desk": {"backend": "ec2", "instance_types": ["c5.large"], "job": JOB}}
    doors = {r.name for r in of_type(collect("foundation", training=training), "VpcEndpoint")}
    assert {"ssm", "ssmmessages", "ec2messages"} <= doors


def test_exports() -> None:
    assert set(pool().outputs) == {"auto_scaling_group", "log_group", "applied_with"}


def test_what_starts_a_job_may_let_this_group_launch_and_send_to_its_machines_alone() -> None:
    found = pool(schedule="rate(1 day)")
    allowed = {s["Sid"]: s for s in statements(inputs(found, "RolePolicy", "desk-starter")["policy"])}
    (launched,) = allowed["Launch"]["Resource"]
    assert launched.endswith(f":autoScalingGroupName/{group(found)['name']}")
    assert all(
        allowed[sid]["Condition"]["StringEquals"]["aws:ResourceTag/tideform:unit"] == "desk"
        for sid in ("Launch", "SayWhose", "SendThere")
    )
    actions = {action for s in allowed.values() for action in s["Action"]}
    assert not {"ec2:RunInstances", "iam:PassRole", "autoscaling:DeleteScheduledAction"} & actions


def test_a_start_has_a_quarter_of_an_hour_for_machines_to_come() -> None:
    assert inputs(pool(schedule="rate(1 day)"), "Function", "desk-starter")["timeout"] == 900


def test_a_root_disk_is_as_large_as_the_pool_says() -> None:
    assert template(pool(disk="300GiB"))["blockDeviceMappings"][0]["ebs"]["volumeSize"] == 300
