"""Interface endpoints cost money while they stand, so only what is used gets one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.stacks.collecting import FULL
from tideform.components.network.endpoints import interface_services, service_name
from tideform.spec.project import Project

POOL: dict[str, Any] = {"instance_types": ["c5.large"], "job": {"image": "i", "command": ["true"]}}
SECRET: dict[str, Any] = {**POOL, "job": {**POOL["job"], "secrets": {"A": "secret:a"}}}


def services(**words: Any) -> set[str]:
    bare = {key: FULL[key] for key in ("version", "project", "owner", "region", "storage")}
    spec = Project(**bare, **words)
    return set(interface_services(spec, spec.serving.values()))


def test_data_alone_needs_none() -> None:
    assert services() == set()


@pytest.mark.parametrize(
    ("words", "service"),
    [
        ({"training": {"p": POOL}}, "ecs-agent"),
        ({"training": {"p": SECRET}}, "secretsmanager"),
        ({"training": {"p": POOL}, "tracking": {"kind": "mlflow"}}, "sagemaker.experiments"),
        ({"serving": FULL["serving"]}, "sagemaker.runtime"),
    ],
)
def test_what_brings_an_endpoint(words: dict[str, Any], service: str) -> None:
    assert service in services(**words)


def test_tracking_without_jobs_needs_none() -> None:
    assert services(tracking={"kind": "mlflow"}) == set()


def test_an_endpoint_without_a_model_needs_none() -> None:
    bare = {key: FULL[key] for key in ("version", "project", "owner", "region", "storage", "serving")}
    assert interface_services(Project(**bare), []) == []


@pytest.mark.parametrize(
    ("service", "full"),
    [
        ("logs", "com.amazonaws.eu-west-1.logs"),
        ("sagemaker.experiments", "aws.sagemaker.eu-west-1.experiments"),
    ],
)
def test_full_names(service: str, full: str) -> None:
    assert service_name(service, "eu-west-1") == full
