"""What holds for the resources of every layer."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from keyword import iskeyword
from typing import Any

import pytest

from tests.unit.stacks.collecting import collect, statements
from tideform.model.engine import Preview
from tideform.model.planned import UNKNOWN, PlannedResource

# No resource, and no resource-level permission either: AWS takes only `*` for these.
TAKES_ONLY_A_STAR = {
    "cloudwatch:GetMetricData",
    "cloudwatch:PutMetricData",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ecr:GetAuthorizationToken",
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:DescribeScheduledActions",
    "batch:DescribeComputeEnvironments",
    "batch:DescribeJobQueues",
    "batch:DescribeJobs",
    "batch:ListJobs",
    "ec2:DescribeInstances",
    "ec2:DescribeSpotPriceHistory",
    "sagemaker:ListTrainingJobs",
    "ssm:CancelCommand",
    "ssm:DescribeInstanceInformation",
    "ssm:DescribeSessions",
    "ssm:ListCommandInvocations",
    "ssm:ListCommands",
}


def resources(everything: Mapping[str, Preview]) -> Iterator[PlannedResource]:
    for found in everything.values():
        yield from found.resources


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def tags_of(resource: PlannedResource) -> dict[str, str]:
    """A resource's tags; an Auto Scaling group has them as a list."""
    tags = (resource.after or {}).get("tags") or {}
    return {tag["key"]: tag["value"] for tag in tags} if isinstance(tags, list) else dict(tags)


def class_of(resource: PlannedResource) -> Any:
    module, noun = re.fullmatch(r"aws:(\w+)/\w+:(\w+)", resource.type).groups()  # type: ignore[union-attr]
    return getattr(import_module(f"pulumi_aws.{module}{'_' * iskeyword(module)}"), noun)


def test_addresses_are_unique(everything: Mapping[str, Preview]) -> None:
    for found in everything.values():
        addresses = [r.address for r in found.resources]
        assert len(addresses) == len(set(addresses))


def test_whatever_takes_tags_carries_ours(everything: Mapping[str, Preview]) -> None:
    wanted = {"tideform:project", "tideform:environment", "tideform:layer", "tideform:owner", "team"}
    for resource in resources(everything):
        if "tags" in inspect.signature(class_of(resource)._internal_init).parameters:
            assert wanted <= set(tags_of(resource)), resource.address


def test_units_are_tagged_with_their_name(everything: Mapping[str, Preview]) -> None:
    for unit in ("nightly", "desk"):
        for resource in everything[f"training/{unit}"].resources:
            if "tags" in (resource.after or {}):
                assert tags_of(resource)["tideform:unit"] == unit


def test_leases_never_stand_in_the_tags_of_a_stack(everything: Mapping[str, Preview]) -> None:
    for resource in resources(everything):
        assert not {"tideform:lease", "tideform:expires"} & set(tags_of(resource))


def test_names_begin_with_project_and_environment(everything: Mapping[str, Preview]) -> None:
    for resource in resources(everything):
        name = (resource.after or {}).get("name")
        if isinstance(name, str):
            assert name.removeprefix("alias/").startswith(
                (
                    "fraud-scoring-dev",
                    "/tideform/fraud-scoring-dev/",
                    "/aws/sagemaker/Endpoints/fraud-scoring-dev-",
                    "/aws/lambda/fraud-scoring-dev-",
                )
            ), resource.address


def test_what_has_a_name_argument_is_named_by_us(everything: Mapping[str, Preview]) -> None:
    for resource in resources(everything):
        if "name" in inspect.signature(class_of(resource)._internal_init).parameters:
            assert isinstance((resource.after or {}).get("name"), str), resource.address


def test_two_runs_give_the_same_inputs(everything: Mapping[str, Preview]) -> None:
    again = collect("training", "nightly", pinned={})  # which training does not read
    assert again.resources == everything["training/nightly"].resources


@pytest.mark.parametrize(
    ("layer", "unit", "noun", "limit"),
    [
        ("training", "n" * 32, "Role", 64),
        ("training", "n" * 32, "JobQueue", 128),
        ("training", "n" * 32, "ComputeEnvironment", 128),
        ("serving", "s" * 32, "Endpoint", 63),
        ("serving", "s" * 32, "Model", 63),
        ("serving", "s" * 32, "EndpointConfiguration", 63),
    ],
)
def test_names_stay_within_the_vendors_limits(layer: str, unit: str, noun: str, limit: int) -> None:
    pool = {"instance_types": ["c5.large"], "job": {"image": "i", "command": ["true"]}}
    overrides: dict[str, Any] = {
        "project": "p" * 32,
        "training": {unit: pool},
        "storage": {"models": {"kind": "models"}},
    }
    overrides["serving"] = {unit: {"model": {"from": "models"}}}
    found = collect(layer, unit, pinned={unit: "key"}, **overrides)
    names = [str(r.after["name"]) for r in found.resources if r.type.endswith(f":{noun}") and r.after]
    assert names
    assert all(len(name) <= limit for name in names)


def test_no_policy_allows_everything(everything: Mapping[str, Preview]) -> None:
    for resource in resources(everything):
        if resource.type.endswith(":RolePolicy"):
            for statement in statements((resource.after or {})["policy"]):
                assert "*" not in statement["Action"], resource.address


def test_only_what_takes_no_resource_is_allowed_on_all(everything: Mapping[str, Preview]) -> None:
    for resource in resources(everything):
        if resource.type.endswith(":RolePolicy"):
            for statement in statements((resource.after or {})["policy"]):
                if "*" in statement["Resource"]:
                    assert set(statement["Action"]) <= TAKES_ONLY_A_STAR, resource.address


def test_policies_are_known_before_anything_exists(everything: Mapping[str, Preview]) -> None:
    for resource in resources(everything):
        for key in ("policy", "assumeRolePolicy", "containerProperties", "eventPattern", "dashboardBody"):
            value = (resource.after or {}).get(key)
            assert value is None or (value is not UNKNOWN and json.loads(value)), resource.address


def test_nothing_is_open_to_the_world(everything: Mapping[str, Preview]) -> None:
    for resource in resources(everything):
        assert "0.0.0.0/0" not in set(texts(resource.after)), resource.address
        assert (resource.after or {}).get("mapPublicIpOnLaunch") is not True


def test_no_network_has_a_way_to_the_internet(everything: Mapping[str, Preview]) -> None:
    nouns = {r.type.rpartition(":")[2] for r in everything["foundation"].resources}
    assert not nouns & {"InternetGateway", "NatGateway", "EgressOnlyInternetGateway", "Eip"}


def test_no_resource_policy_allows_anybody(everything: Mapping[str, Preview]) -> None:
    for resource in resources(everything):
        policy = (resource.after or {}).get("policy")
        if isinstance(policy, str) and not resource.type.endswith(":RolePolicy"):
            for statement in statements(policy):
                open_to_all = statement["Principal"] in ("*", {"AWS": "*"})
                assert not open_to_all or statement["Effect"] == "Deny" or "ArnLike" in statement["Condition"]


def test_every_input_is_an_argument_of_the_vendors_class(everything: Mapping[str, Preview]) -> None:
    for resource in resources(everything):
        known = inspect.signature(class_of(resource)._internal_init).parameters
        camel = {re.sub(r"_(\w)", lambda m: m[1].upper(), name) for name in known}
        assert set(resource.after or {}) <= camel | {"tagsAll"}, resource.address


def hashed(resource: PlannedResource) -> bool:
    """Whether its name carries a hash of its inputs: Batch keeps to a template's version, EC2 Auto Scaling does not."""
    noun = resource.type.rpartition(":")[2]
    nouns = {"ComputeEnvironment", "LaunchTemplate", "Model", "EndpointConfiguration"}
    return noun in nouns and not (noun == "LaunchTemplate" and resource.program == "training/desk")


def test_fixed_names_are_freed_before_they_are_taken_again(everything: Mapping[str, Preview]) -> None:
    for resource in resources(everything):
        if isinstance((resource.after or {}).get("name"), str) and not hashed(resource):
            assert resource.delete_before_replace, resource.address


def test_what_carries_a_hash_stands_beside_its_successor(everything: Mapping[str, Preview]) -> None:
    for resource in resources(everything):
        if hashed(resource):
            assert not resource.delete_before_replace
            assert re.search(r"-[0-9a-f]{8}$", str((resource.after or {})["name"]))
