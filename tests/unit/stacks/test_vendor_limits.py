"""What AWS's service models and documentation say of lengths and letters, held against everything that is planned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.loaders
import pytest

from tests.unit.stacks.collecting import FULL, collect
from tests.unit.stacks.test_foundation import EXISTING
from tideform.model.planned import PlannedResource

LONG = "n" * 32
# Type and property: the service, the shape of the request, and its member.
SHAPES = {
    ("Role", "name"): ("iam", "CreateRoleRequest", "RoleName"),
    ("Role", "description"): ("iam", "CreateRoleRequest", "Description"),
    ("Role", "assumeRolePolicy"): ("iam", "CreateRoleRequest", "AssumeRolePolicyDocument"),
    ("RolePolicy", "name"): ("iam", "PutRolePolicyRequest", "PolicyName"),
    ("RolePolicy", "policy"): ("iam", "PutRolePolicyRequest", "PolicyDocument"),
    ("InstanceProfile", "name"): ("iam", "CreateInstanceProfileRequest", "InstanceProfileName"),
    ("Key", "description"): ("kms", "CreateKeyRequest", "Description"),
    ("Key", "policy"): ("kms", "CreateKeyRequest", "Policy"),
    ("Alias", "name"): ("kms", "CreateAliasRequest", "AliasName"),
    ("Table", "name"): ("dynamodb", "CreateTableInput", "TableName"),
    ("LogGroup", "name"): ("logs", "CreateLogGroupRequest", "logGroupName"),
    ("MetricAlarm", "name"): ("cloudwatch", "PutMetricAlarmInput", "AlarmName"),
    ("MetricAlarm", "alarmDescription"): ("cloudwatch", "PutMetricAlarmInput", "AlarmDescription"),
    ("EventRule", "name"): ("events", "PutRuleRequest", "Name"),
    ("EventRule", "description"): ("events", "PutRuleRequest", "Description"),
    ("EventRule", "eventPattern"): ("events", "PutRuleRequest", "EventPattern"),
    ("EventTarget", "targetId"): ("events", "Target", "Id"),
    ("LaunchTemplate", "name"): ("ec2", "CreateLaunchTemplateRequest", "LaunchTemplateName"),
    ("Model", "name"): ("sagemaker", "CreateModelInput", "ModelName"),
    ("EndpointConfiguration", "name"): ("sagemaker", "CreateEndpointConfigInput", "EndpointConfigName"),
    ("Endpoint", "name"): ("sagemaker", "CreateEndpointInput", "EndpointName"),
    ("MlflowTrackingServer", "trackingServerName"): (
        "sagemaker", "CreateMlflowTrackingServerRequest", "TrackingServerName",
    ),
    ("MlflowTrackingServer", "artifactStoreUri"): (
        "sagemaker", "CreateMlflowTrackingServerRequest", "ArtifactStoreUri",
    ),
    ("Policy", "name"): ("application-autoscaling", "PutScalingPolicyRequest", "PolicyName"),
    ("Target", "resourceId"): ("application-autoscaling", "RegisterScalableTargetRequest", "ResourceId"),
    ("Budget", "name"): ("budgets", "Budget", "BudgetName"),
}  # fmt: skip

# What the models do not say and the documentation does.
WRITTEN = {
    ("SecurityGroup", "name"): r"(?!sg-)[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}",
    ("SecurityGroup", "description"): r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}",
    ("SecurityGroupIngressRule", "description"): r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=;{}!$*]{1,255}",
    ("SecurityGroupEgressRule", "description"): r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=;{}!$*]{1,255}",
    ("Bucket", "bucket"): r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?<!-s3alias)(?<!--ol-s3)",
    ("ComputeEnvironment", "name"): r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,127}",
    ("JobQueue", "name"): r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,127}",
    ("JobDefinition", "name"): r"[a-zA-Z0-9_-]{1,128}",
    ("Topic", "name"): r"[a-zA-Z0-9_-]{1,256}",
    ("Dashboard", "dashboardName"): r"[a-zA-Z0-9_-]{1,255}",
    ("Trail", "name"): r"(?=.{3,128}$)[a-zA-Z0-9]+([._-][a-zA-Z0-9]+)*",
}


def long_names() -> dict[str, Any]:
    """The full spec with names that are as long as they may be."""
    renamed = {
        "training": {LONG: FULL["training"]["nightly"]},
        "serving": {"s" * 32: FULL["serving"]["score"]},
    }
    return {"project": "p" * 32, **renamed}


def planned() -> Iterator[PlannedResource]:
    short: dict[str, Any] = {}
    for words, pool, endpoint in (
        (short, "nightly", "score"),
        (long_names(), LONG, "s" * 32),
        (EXISTING, "small", "score"),
    ):
        pinned = {endpoint: "score/3/model.tar.gz"}
        for layer in ("foundation", "storage", "compliance", "monitoring"):
            yield from collect(layer, pinned=pinned, **words).resources
        yield from collect("training", pool, pinned=pinned, **words).resources
        yield from collect("serving", endpoint, pinned=pinned, **words).resources


@cache
def texts(noun: str, key: str) -> list[str]:
    """Every text that is planned for this property."""
    mine = [r.after or {} for r in planned() if r.type.rpartition(":")[2] == noun]
    return [after[key] for after in mine if isinstance(after.get(key), str)]


@cache
def model(service: str) -> Any:
    return botocore.loaders.Loader().load_service_model(service, "service-2")["shapes"]


@pytest.mark.parametrize(("noun", "key"), SHAPES)
def test_texts_fit_the_models_of_the_services(noun: str, key: str) -> None:
    service, request, member = SHAPES[noun, key]
    shape = model(service)[model(service)[request]["members"][member]["shape"]]
    found = texts(noun, key)
    assert found
    for text in found:
        assert shape.get("min", 0) <= len(text) <= shape.get("max", len(text)), text
        if pattern := shape.get("pattern"):
            assert re.fullmatch(_in_python(pattern), text), text


@pytest.mark.parametrize(("noun", "key"), WRITTEN)
def test_texts_fit_what_the_documentation_says(noun: str, key: str) -> None:
    found = texts(noun, key)
    assert found
    for text in found:
        assert re.fullmatch(WRITTEN[noun, key], text), text


def test_a_roles_policies_fit_into_it() -> None:
    """All inline policies of a role have 10,240 characters together, white space aside; each of ours has one."""
    assert all(len(re.sub(r"\s", "", text)) <= 10_240 for text in texts("RolePolicy", "policy"))


def test_nothing_has_more_tags_than_aws_takes() -> None:
    assert all(len((r.after or {}).get("tags", {})) <= 50 for r in planned())


def _in_python(pattern: str) -> str:
    """Java's classes in Python's words; characters beyond the basic plane, which no name of ours has, left out."""
    java = {
        r"\uD800\uDC00-\uDBFF\uDFFF": "", r"\p{Print}": r"[\x20-\x7e]", r"\p{Z}": r"\s", r"\p{L}": r"^\W\d_",
        r"\p{N}": r"\d", r"\p{S}": "", r"\p{P}": "", r"\p{M}": "", "(?i)": "",
    }  # fmt: skip
    for theirs, ours in java.items():
        pattern = pattern.replace(theirs, ours)
    return pattern
