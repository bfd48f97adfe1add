"""Zones and address blocks, without asking AWS."""

from __future__ import annotations

import pytest

from tideform.components.zones import subnet_blocks, zone_names


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
    assert zone_names(region, count) == zones


@pytest.mark.parametrize(
    ("count", "blocks"),
    [
        (1, ["10.0.0.0/17"]),
        (2, ["10.0.0.0/17", "10.0.128.0/17"]),
        (3, ["10.0.0.0/18", "10.0.64.0/18", "10.0.128.0/18"]),
    ],
)
def test_blocks_are_equal_and_do_not_overlap(count: int, blocks: list[str]) -> None:
    assert subnet_blocks("10.0.0.0/16", count) == blocks
