"""Zones and address blocks, without asking AWS."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from tideform.pools.zones import subnet_block, zone_names
from tideform.spec.deployment import Deployment
from tideform.spec.project import Environment, Project


def deployment(region: str, zones: int | list[str]) -> Deployment:
    """One whose network asks for these zones."""
    words = {"version": 1, "project": "p", "owner": "me", "region": region, "network": {"zones": zones}}
    return Deployment(Project.model_validate(words), "dev", Environment(target="local"), Path("tideform.yaml"), "")


@pytest.mark.parametrize(
    ("region", "count", "zones"),
    [
        ("eu-west-1", 2, ["eu-west-1a", "eu-west-1b"]),
        ("ap-northeast-1", 2, ["ap-northeast-1a", "ap-northeast-1c"]),
        ("ca-central-1", 3, ["ca-central-1a", "ca-central-1b", "ca-central-1d"]),
        ("us-west-1", 3, ["us-west-1a", "us-west-1b"]),
    ],
)
def test_zones_of_a_region(region: str, count: int, zones: list[str]) -> None:
    assert zone_names(deployment(region, count)) == zones


def test_zones_that_are_named_are_those() -> None:
    assert zone_names(deployment("us-west-1", ["a", "c"])) == ["us-west-1a", "us-west-1c"]


@pytest.mark.parametrize("region", ["us-west-1", "us-east-1", "ap-northeast-1", "eu-west-1"])
def test_each_zone_has_a_block_of_its_own_whatever_the_others_are(region: str) -> None:
    blocks = [subnet_block("10.0.0.0/16", f"{region}{letter}") for letter in "abcdefgh"]
    assert sorted(blocks) == sorted(str(block) for block in IPv4Network("10.0.0.0/16").subnets(new_prefix=19))


def test_the_regions_own_zones_have_the_first_blocks() -> None:
    blocks = [subnet_block("10.0.0.0/16", f"ca-central-1{letter}") for letter in "abd"]
    assert blocks == ["10.0.0.0/19", "10.0.32.0/19", "10.0.64.0/19"]
