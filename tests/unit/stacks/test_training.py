"""The training layer on AWS Batch."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL, collect, deployment_of, inputs, of_type, statements
from tideform.backends.training.batch.starter import on_batch
from tideform.burst.carrying import carried
from tideform.components.jobs.schedule import start_plan
from tideform.components.scope import Scope
from tideform.errors import RefusedError
from tideform.pools.shape import shape_of

JOB = {"image": "trainer", "command": ["true"]}


def pool(**words: Any) -> Any:
    training = {"pool": {"instance_types": ["c5.large"], "job": JOB, **words}}
    return collect("training", "pool", training=training)


def plan_of(**words: Any) -> dict[str, Any]:
    """What stands in the starter's package for a pool with these words."""
    training = {"pool": {"instance_types": ["c5.large"], "job": JOB, **words}}
    deployment = deployment_of({**FULL, "training": training}, Path())
    one = deployment.spec.training["pool"]
    order: Any = SimpleNamespace(name="pool", pool=one, scope=Scope(deployment, "training", "pool"))
    cargo = carried(deployment, "pool")
    return start_plan(order, shape_of(one), cargo, on_batch(order, cargo))


def container(found: Any, name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(inputs(found, "JobDefinition", name)["containerProperties"])
    return read


@pytest.mark.parametrize(
    ("capacity", "kinds"),
    [
        ({}, ["SPOT", "EC2"]),
        ({"spot": "prefer", "fallback": "none"}, ["SPOT"]),
        ({"spot": "only"}, ["SPOT"]),
        ({"spot": "never"}, ["EC2"]),
    ],
)
def test_capacity_is_bought_as_the_pool_says(capacity: dict[str, str], kinds: list[str]) -> None:
    found = pool(capacity=capacity)
    environments = [r.after for r in of_type(found, "ComputeEnvironment") if r.after]
    assert sorted(e["computeResources"]["type"] for e in environments) == sorted(kinds)
    orders = inputs(found, "JobQueue", "pool")["computeEnvironmentOrders"]
    assert [entry["order"] for entry in orders] == list(range(1, len(kinds) + 1))


def test_spot_goes_first() -> None:
    first, second = pool().outputs["compute_environments"]
    assert first.startswith("fraud-scoring-dev-pool-spot-")
    assert second.startswith("fraud-scoring-dev-pool-on-demand-")


def test_a_pool_stands_at_zero_behind_a_closed_queue() -> None:
    found = pool()
    assert inputs(found, "JobQueue", "pool")["state"] == "DISABLED"
    for environment in of_type(found, "ComputeEnvironment"):
        assert environment.after is not None
        assert environment.after["computeResources"]["minVcpus"] == 0


def test_environments_are_created_enabled_since_batch_makes_no_others() -> None:
    states = {r.after["state"] for r in of_type(pool(), "ComputeEnvironment") if r.after}
    assert states == {"ENABLED"}


def test_the_execution_role_pulls_the_jobs_image_and_no_other() -> None:
    policy = inputs(pool(job={**JOB, "image": "trainer:3"}), "RolePolicy", "pool-execution")["policy"]
    (pull,) = [s for s in statements(policy) if s["Sid"] == "Pull"]
    assert pull["Resource"] == ["arn:aws:ecr:eu-west-1:123456789012:repository/trainer"]


def test_an_image_from_elsewhere_asks_for_no_rights_at_ecr() -> None:
    policy = inputs(pool(job={**JOB, "image": "docker.io/library/python:3"}), "RolePolicy", "pool-execution")["policy"]
    assert not any("ecr:" in action for s in statements(policy) for action in s["Action"])


def test_the_bound_never_means_more_machines_than_asked() -> None:
    found = pool(nodes="1..8")
    environment = of_type(found, "ComputeEnvironment")[0].after or {}
    assert environment["computeResources"]["maxVcpus"] == 16


def test_accelerators_choose_types_and_image() -> None:
    found = collect("training", "nightly")
    resources = inputs(found, "ComputeEnvironment", "nightly-spot")["computeResources"]
    assert resources["instanceTypes"][0] == "g5.xlarge"
    assert resources["ec2Configurations"] == [{"imageType": "ECS_AL2023_NVIDIA"}]
    assert {"type": "GPU", "value": "1"} in container(found, "nightly")["resourceRequirements"]


def test_a_pool_of_processors_asks_for_no_gpu() -> None:
    found = pool()
    kinds = {entry["type"] for entry in container(found, "pool")["resourceRequirements"]}
    assert kinds == {"VCPU", "MEMORY"}


def test_instances_take_metadata_tokens_only_and_encrypt_their_disk() -> None:
    template = inputs(pool(), "LaunchTemplate", "pool")
    assert template["metadataOptions"]["httpTokens"] == "required"
    assert template["metadataOptions"]["httpPutResponseHopLimit"] == 1
    assert template["blockDeviceMappings"][0]["ebs"]["encrypted"] == "true"


@pytest.mark.parametrize(("disk", "size"), [({}, 100), ({"disk": "2TiB"}, 2048)])
def test_a_root_disk_is_as_large_as_the_pool_says(disk: dict[str, str], size: int) -> None:
    template = inputs(pool(**disk), "LaunchTemplate", "pool")
    assert template["blockDeviceMappings"][0]["ebs"]["volumeSize"] == size


def test_another_size_of_the_disk_is_another_template_for_batch_keeps_to_what_it_found() -> None:
    names = {inputs(pool(**words), "LaunchTemplate", "pool")["name"] for words in ({}, {"disk": "200GiB"})}
    assert len(names) == 2


@pytest.mark.parametrize(("kind", "used"), [("g5.xlarge", True), ("c5.large", False)])
def test_disks_of_the_machines_own_are_used_where_there_are_any(kind: str, used: bool) -> None:
    template = inputs(pool(instance_types=[kind]), "LaunchTemplate", "pool")
    assert ("userData" in template) is used


def test_a_schedule_counts_in_its_time_zone() -> None:
    found = pool(schedule={"cron": "0 2 * * ? *", "timezone": "Europe/Berlin"})
    schedule = inputs(found, "Schedule", "pool-schedule")
    said = (schedule["scheduleExpression"], schedule["scheduleExpressionTimezone"])
    assert said == ("cron(0 2 * * ? *)", "Europe/Berlin")


def test_instances_and_volumes_carry_the_pools_tags() -> None:
    template = inputs(pool(), "LaunchTemplate", "pool")
    tagged = {entry["resourceType"]: entry["tags"]["tideform:unit"] for entry in template["tagSpecifications"]}
    assert tagged == {"instance": "pool", "volume": "pool"}


def test_a_job_finds_its_data_in_its_environment() -> None:
    found = container(collect("training", "nightly"), "nightly")
    environment = {entry["name"]: entry["value"] for entry in found["environment"]}
    assert environment["TIDEFORM_INPUT_TRANSACTIONS"].startswith("s3://fraud-scoring-dev-transactions-")
    assert environment["TIDEFORM_OUTPUT_MODELS"].startswith("s3://fraud-scoring-dev-models-")


def test_a_job_may_read_its_inputs_and_write_only_its_outputs() -> None:
    policy = inputs(collect("training", "nightly"), "RolePolicy", "nightly-job")["policy"]
    by_sid = {statement["Sid"]: statement for statement in statements(policy)}
    (read,) = by_sid["ReadInputs"]["Resource"]
    (written,) = by_sid["WriteOutputs"]["Resource"]
    assert "transactions" in read
    assert "models" in written
    assert not any("Put" in action or "Delete" in action for action in by_sid["ReadInputs"]["Action"])
    assert not any("Delete" in action for action in by_sid["WriteOutputs"]["Action"])


def test_only_a_reclaimed_machine_is_tried_again() -> None:
    strategy = inputs(pool(), "JobDefinition", "pool")["retryStrategy"]
    assert strategy["evaluateOnExits"] == [
        {"action": "retry", "onStatusReason": "Host EC2*"},
        {"action": "exit", "onReason": "*"},
    ]


def test_an_attempt_ends_with_the_lease() -> None:
    definition = inputs(pool(lease="2h"), "JobDefinition", "pool")
    assert definition["timeout"] == {"attemptDurationSeconds": 7200}


def test_secrets_are_references_that_only_the_execution_role_may_follow() -> None:
    found = collect("training", "small")
    (secret,) = container(found, "small")["secrets"]
    assert secret == {
        "name": "TOKEN",
        "valueFrom": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:hub",
    }
    execution = statements(inputs(found, "RolePolicy", "small-execution")["policy"])
    assert [s["Resource"] for s in execution if s["Sid"] == "FetchSecrets"] == [[f"{secret['valueFrom']}-??????"]]


def test_new_instance_types_make_a_new_environment_beside_the_old() -> None:
    before = pool().outputs["compute_environments"]
    after = pool(instance_types=["c5.xlarge"]).outputs["compute_environments"]
    assert not set(before) & set(after)


def test_a_larger_pool_keeps_its_environments() -> None:
    before = pool().outputs["compute_environments"]
    assert pool(nodes="1..8").outputs["compute_environments"] == before


def test_a_renamed_pool_stays_as_it_is() -> None:
    before = collect("training", "nightly")
    training = {"daily": FULL["training"]["nightly"]}
    moved = [{"from": "training.nightly", "to": "training.daily"}]
    after = collect("training", "daily", training=training, moved=moved)
    names = [(r.type, r.name, (r.after or {}).get("name")) for r in before.resources]
    assert [(r.type, r.name, (r.after or {}).get("name")) for r in after.resources] == names


def test_a_pool_that_is_removed_between_bursts_prints_to_the_log_that_stays() -> None:
    training = {"nightly": {**FULL["training"]["nightly"], "between_bursts": "remove", "schedule": None}}
    found = collect("training", "nightly", training=training)
    definition = json.loads(inputs(found, "JobDefinition", "nightly")["containerProperties"])
    stays = [r.after["name"] for r in of_type(collect("foundation", training=training), "LogGroup") if r.after]
    assert [r.name for r in of_type(found, "LogGroup") if r.name == "nightly"] == []
    assert definition["logConfiguration"]["options"]["awslogs-group"] in stays


def test_exports() -> None:
    wanted = {"job_queue_arn", "job_definition_arn", "compute_environments", "log_group", "applied_with"}
    assert set(pool().outputs) == wanted


TWO_NODES: dict[str, Any] = {"nodes": 2, "job": {**JOB, "nodes": 2}}


def test_a_job_of_several_nodes_runs_on_demand_in_one_placement_group_of_one_zone() -> None:
    found = pool(**TWO_NODES)
    (environment,) = of_type(found, "ComputeEnvironment")
    resources = (environment.after or {})["computeResources"]
    assert (resources["type"], resources["subnets"]) == ("EC2", ["subnet-0a"])
    assert inputs(found, "PlacementGroup", "pool")["strategy"] == "cluster"
    assert resources["placementGroup"] == inputs(found, "PlacementGroup", "pool")["name"]


def test_a_zone_that_is_named_is_the_one() -> None:
    found = pool(**TWO_NODES, zones=["b"])
    assert inputs(found, "ComputeEnvironment", "pool-on-demand")["computeResources"]["subnets"] == ["subnet-0b"]


def test_a_job_of_several_nodes_tells_each_its_place() -> None:
    definition = inputs(pool(**TWO_NODES), "JobDefinition", "pool")
    nodes = json.loads(definition["nodeProperties"])
    assert (definition["type"], nodes["numNodes"], nodes["mainNode"]) == ("multinode", 2, 0)
    (every,) = nodes["nodeRangeProperties"]
    assert every["targetNodes"] == "0:"
    assert every["container"]["command"][:2] == ["sh", "-c"]
    assert every["container"]["command"][-1] == "true"


def test_efa_gives_adapters_devices_and_locked_memory() -> None:
    words = {"instance_types": ["p4d.24xlarge"], "nodes": 2, "interconnect": "efa", "job": {**JOB, "nodes": 2}}
    found = pool(**words)
    adapters = inputs(found, "LaunchTemplate", "pool")["networkInterfaces"]
    assert [one["interfaceType"] for one in adapters] == ["efa", "efa-only", "efa-only", "efa-only"]
    assert [one["networkCardIndex"] for one in adapters] == [0, 1, 2, 3]
    (every,) = json.loads(inputs(found, "JobDefinition", "pool")["nodeProperties"])["nodeRangeProperties"]
    assert len(every["container"]["linuxParameters"]["devices"]) == 4
    assert every["container"]["ulimits"] == [{"name": "memlock", "softLimit": -1, "hardLimit": -1}]


def test_a_reservation_is_used_first_through_a_template_of_its_own() -> None:
    found = pool(capacity={"reservations": ["cr-0123456789abcdef0"]})
    first, second, third = found.outputs["compute_environments"]
    assert "cr-0123456789abcdef0" in first
    assert ("-spot-" in second, "-on-demand-" in third) == (True, True)
    own = inputs(found, "LaunchTemplate", "pool-cr-0123456789abcdef0")
    target = own["capacityReservationSpecification"]["capacityReservationTarget"]
    assert target == {"capacityReservationId": "cr-0123456789abcdef0"}
    assert "capacityReservationSpecification" not in inputs(found, "LaunchTemplate", "pool")


def test_a_block_goes_before_all_else_as_aws_takes_it() -> None:
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-template-capacity-blocks.html"""
    block = "cr-0123456789abcdef0"
    words = {"instance_types": ["p5.48xlarge"], "zones": ["a"], "nodes": 2, "job": {**JOB, "nodes": 2}}
    found = pool(**words, capacity={"blocks": [block], "spot": "never"})
    assert [f"-{block}-" in name for name in found.outputs["compute_environments"]] == [True, False]
    own = inputs(found, "LaunchTemplate", f"pool-{block}")
    assert own["instanceMarketOptions"] == {"marketType": "capacity-block"}
    target = own["capacityReservationSpecification"]["capacityReservationTarget"]
    assert target == {"capacityReservationId": block}
    resources = inputs(found, "ComputeEnvironment", f"pool-{block}")["computeResources"]
    assert (resources["type"], resources["allocationStrategy"]) == ("EC2", "BEST_FIT")
    assert "placementGroup" not in resources
    assert "placementGroup" in inputs(found, "ComputeEnvironment", "pool-on-demand")["computeResources"]


def test_other_pools_have_no_placement_group_and_no_adapters() -> None:
    found = pool()
    assert of_type(found, "PlacementGroup") == []
    assert "networkInterfaces" not in inputs(found, "LaunchTemplate", "pool")


def test_a_schedule_calls_a_function_that_knows_all_it_needs() -> None:
    found = pool(schedule="rate(1 day)", max_cost="20 USD", checkpoint={"every": "10m"})
    schedule = inputs(found, "Schedule", "pool-schedule")
    assert (schedule["scheduleExpression"], schedule["state"]) == ("rate(1 day)", "ENABLED")
    assert json.loads(schedule["target"]["input"]) == {"cause": "schedule"}
    plan = plan_of(max_cost="20 USD")
    assert (plan["pool"], plan["lease_seconds"], plan["cap_usd"]) == ("pool", 4 * 3600, "20")
    assert plan["handle"]["job_queue"] == inputs(found, "JobQueue", "pool")["name"]


def test_a_function_takes_no_concurrency_from_the_account() -> None:
    function = inputs(pool(schedule="rate(1 day)"), "Function", "pool-starter")
    assert function["reservedConcurrentExecutions"] == -1


def test_somebody_is_told_when_a_scheduled_burst_does_not_begin() -> None:
    alarm = inputs(pool(schedule="rate(1 day)"), "MetricAlarm", "pool-starter")
    assert alarm["dimensions"] == {"FunctionName": "fraud-scoring-dev-pool-starter"}
    assert alarm["alarmActions"] == ["arn:aws:sns:eu-west-1:123456789012:fraud-scoring-dev-alerts"]


def test_what_starts_a_pool_may_touch_that_pool_alone() -> None:
    policy = inputs(pool(schedule="rate(1 day)"), "RolePolicy", "pool-starter")["policy"]
    by_name = {statement["Sid"]: statement for statement in statements(policy)}
    assert by_name["Open"]["Condition"]["StringEquals"]["aws:ResourceTag/tideform:unit"] == "pool"
    assert all("fraud-scoring-dev-pool" in resource for resource in by_name["Submit"]["Resource"])
    assert not any("Delete" in action or "iam:" in action for s in by_name.values() for action in s["Action"])


def test_a_sweep_on_a_schedule_is_an_array() -> None:
    job = {**JOB, "sweep": {"grid": {"RATE": [1, 2, 3]}}}
    plan = plan_of(job=job)
    assert plan["array"] == 3
    assert plan["overrides"]["command"][:2] == ["sh", "-c"]


def test_an_object_that_arrives_calls_the_function_and_only_its_rule_may() -> None:
    found = pool(trigger={"store": "transactions", "prefix": "new/"})
    rule = inputs(found, "EventRule", "pool-arrivals")
    detail = json.loads(rule["eventPattern"])["detail"]
    assert detail["object"] == {"key": [{"prefix": "new/"}]}
    assert detail["bucket"]["name"][0].startswith("fraud-scoring-dev-transactions-")
    permission = inputs(found, "Permission", "pool-arrivals")
    assert (permission["principal"], permission["action"]) == ("events.amazonaws.com", "lambda:InvokeFunction")
    assert "sourceArn" in permission
    target = inputs(found, "EventTarget", "pool-arrivals")
    assert target["retryPolicy"] == {"maximumEventAgeInSeconds": 900, "maximumRetryAttempts": 3}
    assert of_type(found, "Schedule") == []


def test_a_trigger_and_a_schedule_call_one_function() -> None:
    found = pool(trigger={"store": "transactions"}, schedule="cron(0 2 * * ? *)")
    assert len(of_type(found, "Function")) == len(of_type(found, "Schedule")) == len(of_type(found, "EventRule")) == 1


def test_what_starts_by_itself_may_send_code_only_where_it_has_any() -> None:
    def sids(**words: Any) -> set[str]:
        found = pool(schedule="cron(0 2 * * ? *)", **words)
        return {s["Sid"] for s in statements(inputs(found, "RolePolicy", "pool-starter")["policy"])}

    assert "SendCode" in sids(checkpoint={"every": "10m"})
    assert "SendCode" not in sids()


def test_nodes_that_start_by_themselves_find_each_other_before_they_fetch_code() -> None:
    job = {**JOB, "nodes": 2}
    plan = plan_of(nodes=2, capacity={"spot": "never"}, checkpoint={"every": "10m"}, job=job)
    assert plan["parameter"] == "nodeOverrides"
    assert "AWS_BATCH_JOB_NODE_INDEX" in plan["overrides"]["command"][2]
    assert "overrides" not in plan_of(nodes=2, capacity={"spot": "never"}, job=job)


def test_code_that_cannot_go_is_refused_in_words_of_its_own() -> None:
    with pytest.raises(RefusedError) as refused:
        pool(schedule="cron(0 2 * * ? *)", job={**JOB, "code": "nowhere"})
    assert [found.code for found in refused.value.diagnostics] == ["TD670"]


def test_a_pool_that_nothing_starts_has_no_function() -> None:
    assert of_type(pool(), "Function") == []
