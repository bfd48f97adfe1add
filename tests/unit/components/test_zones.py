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


@pytest.mark.parametrize("count", range(1, 7))
def test_a_zone_more_leaves_the_other_subnets_where_they_are(count: int) -> None:
    assert subnet_blocks("10.0.0.0/16", 6)[:count] == subnet_blocks("10.0.0.0/16", count)


def test_blocks_are_equal_and_do_not_overlap() -> None:
    assert subnet_blocks("10.0.0.0/16", 3) == ["10.0.0.0/19", "10.0.32.0/19", "10.0.64.0/19"]
