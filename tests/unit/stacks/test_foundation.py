"""The foundation layer: network, key and lease table."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.stacks.collecting import collect, inputs, of_type, statements
from tideform.model.planned import UNKNOWN

NOTHING: dict[str, Any] = {"training": {}, "serving": {}, "tracking": None, "compliance": {}}
EXISTING: dict[str, Any] = {"network": {"existing": "vpc-0abc1234", "subnets": ["subnet-0aaaaaaa", "subnet-0bbbbbbb"]}}


def endpoints(**overrides: Any) -> set[str]:
    found = collect("foundation", **overrides)
    return {str(r.after["serviceName"]) for r in of_type(found, "VpcEndpoint") if r.after}


def test_one_private_subnet_a_zone() -> None:
    found = collect("foundation", network={"zones": 3, "cidr": "10.0.0.0/16"})
    subnets = [r.after for r in of_type(found, "Subnet") if r.after]
    assert [(s["availabilityZone"], s["cidrBlock"]) for s in subnets] == [
        ("eu-west-1a", "10.0.0.0/19"),
        ("eu-west-1b", "10.0.32.0/19"),
        ("eu-west-1c", "10.0.64.0/19"),
    ]
    assert len(of_type(found, "RouteTableAssociation")) == 3


def test_without_units_no_endpoint_costs_anything() -> None:
    free = {"com.amazonaws.eu-west-1.s3", "com.amazonaws.eu-west-1.dynamodb"}
    assert endpoints(**NOTHING) == free


def test_a_batch_pool_brings_the_endpoints_that_its_instances_need() -> None:
    pool = {"instance_types": ["c5.large"], "job": {"image": "i", "command": ["true"]}}
    found = endpoints(**{**NOTHING, "training": {"pool": pool}})
    needed = ("ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry", "logs")
    assert {f"com.amazonaws.eu-west-1.{service}" for service in needed} < found


def test_the_default_security_group_has_no_rules() -> None:
    locked = inputs(collect("foundation"), "DefaultSecurityGroup", "locked")
    assert locked["ingress"] == []
    assert locked["egress"] == []


def test_workloads_reach_only_endpoints_gateways_and_each_other() -> None:
    rules = of_type(collect("foundation"), "SecurityGroupEgressRule")
    assert {r.name for r in rules} == {"doors", "dynamodb", "peers", "s3"}
    assert all(r.after and r.after["toPort"] == 443 for r in rules if r.name != "peers")


def test_the_key_turns_over_every_year() -> None:
    assert inputs(collect("foundation"), "Key", "key")["enableKeyRotation"] is True


def test_the_key_serves_launches_only_where_there_are_pools() -> None:
    def sids(**overrides: Any) -> set[str]:
        policy = inputs(collect("foundation", **overrides), "Key", "key")["policy"]
        return {statement["Sid"] for statement in statements(policy)}

    assert {"LaunchesEncryptDisks", "LaunchesAttachDisks", "TrailEncryptsLogs"} <= sids()
    assert sids(**NOTHING) == {"AccountAdministersByIam", "LogsEncryptOurGroups", "AlarmsAndBudgetsPublish"}


def test_leases_are_encrypted_and_can_be_brought_back() -> None:
    table = inputs(collect("foundation"), "Table", "leases")
    assert table["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": UNKNOWN}
    assert table["pointInTimeRecovery"] == {"enabled": True}
    assert table["hashKey"] == "pk"
    assert "ttl" not in table


def test_flow_logs_go_to_an_encrypted_group() -> None:
    found = collect("foundation")
    assert inputs(found, "FlowLog", "network")["trafficType"] == "ALL"
    assert inputs(found, "LogGroup", "network")["kmsKeyId"] is UNKNOWN


def test_flow_logs_may_find_their_group() -> None:
    policy = statements(inputs(collect("foundation"), "RolePolicy", "flow-logs-writer")["policy"])
    assert {"logs:DescribeLogGroups", "logs:PutLogEvents"} <= {action for s in policy for action in s["Action"]}


def test_an_existing_network_gets_two_security_groups_and_nothing_else() -> None:
    found = collect("foundation", **{**EXISTING, "training": {}})
    nouns = {r.type.rpartition(":")[2] for r in found.resources}
    groups = {"SecurityGroup", "SecurityGroupIngressRule", "SecurityGroupEgressRule"}
    assert {noun for noun in nouns if not noun.startswith("Bucket")} == groups | {"Key", "Alias", "Table"}


def test_an_existing_networks_ids_are_exported() -> None:
    outputs = collect("foundation", **EXISTING).outputs
    assert outputs["vpc_id"] == "vpc-0abc1234"
    assert outputs["private_subnet_ids"] == ["subnet-0aaaaaaa", "subnet-0bbbbbbb"]


def test_exports() -> None:
    assert set(collect("foundation").outputs) == {
        "vpc_id",
        "private_subnet_ids",
        "endpoint_security_group_id",
        "workload_security_group_id",
        "kms_key_arn",
        "kms_key_id",
        "lease_table_name",
        "lease_table_arn",
        "reaper_function_name",
        "reaper_role_arn",
        "reaper_schedule_name",
    }


REMOVED = {"instance_types": ["c5.large"], "between_bursts": "remove", "job": {"image": "i", "command": ["true"]}}


def pools_logs(**words: Any) -> list[dict[str, Any]]:
    found = of_type(collect("foundation", training={"brief": {**REMOVED, **words}}), "LogGroup")
    return [dict(r.after) for r in found if r.after and "/bursts/" in str(r.after["name"])]


@pytest.mark.parametrize("backend", ["batch", "ec2"])
def test_the_log_of_a_pool_that_is_removed_between_bursts_stays(backend: str) -> None:
    (log,) = pools_logs(backend=backend)
    assert (log["name"].rpartition("/")[2], log["retentionInDays"], log["tags"]["tideform:unit"]) == (
        "brief",
        90,
        "brief",
    )


def test_a_pool_that_keeps_its_definitions_keeps_its_log_with_them() -> None:
    assert pools_logs(between_bursts="keep") == []


def test_a_backend_that_writes_elsewhere_has_no_log_of_its_own() -> None:
    assert pools_logs(backend="sagemaker", instance_types=["ml.m5.large"]) == []
