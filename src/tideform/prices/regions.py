"""Which regions have which instance types, as EC2 told at one time; a region or type may have come since.

Source: EC2's DescribeInstanceTypeOfferings, by region, as the package moto 5.2.5 carries it (``data/regions.csv``).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache

from tideform.prices.book import DATA


def has(region: str, instance_type: str) -> bool | None:
    """Whether a region has a type such as ``p5.48xlarge`` or ``ml.p5.48xlarge``; None where that is not known."""
    name = instance_type.removeprefix("ml.")
    found = _regions()
    if region not in found or not any(name in types for types in found.values()):
        return None
    return name in found[region]


def regions_with(instance_type: str) -> list[str]:
    """The regions that have a type, in the order of their names."""
    name = instance_type.removeprefix("ml.")
    return [region for region, types in _regions().items() if name in types]


@cache
def _regions() -> Mapping[str, frozenset[str]]:
    with (DATA / "regions.csv").open(encoding="utf-8", newline="") as file:
        return {row["region"]: frozenset(row["has"].split()) for row in csv.DictReader(file)}
