"""Names and ARNs that follow from the deployment alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.stacks.collecting import FULL, deployment_of
from tideform.components.scope import Scope


def scope(folder: Path, region: str = "eu-west-1") -> Scope:
    return Scope(deployment_of({**FULL, "region": region}, folder), "storage")


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-west-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ],
)
def test_partitions(tmp_path: Path, region: str, partition: str, suffix: str) -> None:
    found = scope(tmp_path, region)
    assert (found.partition, found.dns_suffix) == (partition, suffix)
    assert found.role_arn("r") == f"arn:{partition}:iam::123456789012:role/r"


def test_other_inputs_give_another_name(tmp_path: Path) -> None:
    found = scope(tmp_path)
    assert found.hashed_name("model", {"a": 1}) == found.hashed_name("model", {"a": 1})
    assert found.hashed_name("model", {"a": 1}) != found.hashed_name("model", {"a": 2})


def test_a_hashed_name_keeps_to_its_limit(tmp_path: Path) -> None:
    assert len(scope(tmp_path).hashed_name("m" * 80, {}, limit=63)) <= 63
