"""An image has to be within reach of the pool's machines; what a bare name means is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tideform.pools.images import image_problems
from tideform.spec.deployment import Deployment
from tideform.spec.project import Environment, Project

OWN = "123456789012.dkr.ecr.us-east-1.amazonaws.com/trainer@sha256:0"


def found(image: str, backend: str = "batch", target: str = "aws", **more: object) -> list[tuple[str, str]]:
    """Code and severity of what is said about the image."""
    spec = {
        "version": 1,
        "project": "p",
        "owner": "me",
        "region": "us-east-1",
        "training": {"fit": {"backend": backend, "job": {"image": image, "command": ["x"]}}},
        **more,
    }
    environment = Environment.model_validate({"target": target})
    deployment = Deployment(Project.model_validate(spec), "prod", environment, Path("tideform.yaml"), "")
    return [(one.code, one.severity.value) for one in image_problems(deployment, "fit")]


@pytest.mark.parametrize("backend", ["batch", "ec2", "eks"])
@pytest.mark.parametrize(
    "image",
    [
        "nvcr.io/nvidia/pytorch:24.01-py3",
        "docker.io/pytorch/pytorch:2",
        "public.ecr.aws/x/y:1",
        "localhost:5000/x",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/trainer",
    ],
)
def test_an_image_out_of_reach_is_an_error_where_machines_cost_money(backend: str, image: str) -> None:
    assert found(image, backend) == [("TD180", "error")]
    assert found(image, backend, "local") == [("TD180", "warning")]


@pytest.mark.parametrize("image", [OWN, "trainer", "trainer:1"])
def test_an_image_of_ecr_is_fine(image: str) -> None:
    assert found(image) == []


def test_a_network_that_is_there_may_lead_anywhere() -> None:
    assert found("nvcr.io/x/y", network={"existing": "vpc-0a1b2c3d", "subnets": ["subnet-0a1b2c3d"]}) == []


def test_a_cluster_that_is_there_may_lead_anywhere() -> None:
    assert found("nvcr.io/x/y", "eks", cluster={"existing": "mine"}) == []


@pytest.mark.parametrize("backend", ["batch", "sagemaker"])
def test_a_name_with_a_slash_and_no_host_is_said_to_be_ones_own(backend: str) -> None:
    assert found("pytorch/pytorch:2.4", backend) == [("TD181", "note")]
