"""A Batch job with another image: a definition for it alone, struck off at once."""

from __future__ import annotations

from typing import Any

import pytest

from tideform.backends.training.batch.image import definition_with
from tideform.cloud import Cloud

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/images@sha256:0"


def registered(batch: Any) -> dict[str, Any]:
    """A pool's definition, as Batch describes it."""
    batch.register_job_definition(
        jobDefinitionName="demo-dev-fit",
        type="container",
        containerProperties={"image": "trainer", "command": ["true"], "vcpus": 2, "memory": 512},
        timeout={"attemptDurationSeconds": 600},
        tags={"tideform:unit": "fit"},
    )
    found: dict[str, Any] = batch.describe_job_definitions(jobDefinitionName="demo-dev-fit")["jobDefinitions"][0]
    return found


def test_only_the_image_differs_and_it_is_gone_afterwards(cloud: Cloud) -> None:
    batch = cloud.client("batch")
    pools = registered(batch)
    with definition_with(batch, pools, IMAGE, {}) as arn:
        [made] = batch.describe_job_definitions(jobDefinitions=[arn])["jobDefinitions"]
    assert made["containerProperties"] == {**pools["containerProperties"], "image": IMAGE}
    assert (made["timeout"], made["tags"]) == (pools["timeout"], pools["tags"])
    assert batch.describe_job_definitions(jobDefinitions=[arn], status="ACTIVE")["jobDefinitions"] == []


def test_it_is_gone_when_the_job_was_refused(cloud: Cloud) -> None:
    batch = cloud.client("batch")
    with pytest.raises(RuntimeError), definition_with(batch, registered(batch), IMAGE, {}) as arn:
        raise RuntimeError("the queue is closed")
    assert batch.describe_job_definitions(jobDefinitions=[arn], status="ACTIVE")["jobDefinitions"] == []


def test_what_is_too_long_to_tell_with_a_job_stands_in_its_definition(cloud: Cloud) -> None:
    batch = cloud.client("batch")
    told = {"command": ["python", "x" * 9000], "environment": [{"name": "A", "value": "1"}]}
    with definition_with(batch, registered(batch), None, told) as arn:
        [made] = batch.describe_job_definitions(jobDefinitions=[arn])["jobDefinitions"]
    container = made["containerProperties"]
    assert (container["image"], container["command"]) == ("trainer", told["command"])
    assert container["environment"] == told["environment"]
