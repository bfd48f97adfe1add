"""How capacity is bought, and the ladder that the plan prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tideform.pools.purchase import ladder, pool_zones, purchases, quota_in
from tideform.spec.deployment import Deployment
from tideform.spec.project import Environment, Project
from tideform.spec.training import Pool

JOB = {"image": "i", "command": ["true"]}
RESERVATION = "cr-0123456789abcdef0"
BLOCK = "cr-0123456789abcdef1"
PLAN = "arn:aws:sagemaker:us-east-1:123456789012:training-plan/spring"


def pool(**words: Any) -> Pool:
    return Pool(**{"instance_types": ["c5.large"], "job": JOB, **words})


def deployment(**words: Any) -> Deployment:
    spec = Project(version=1, project="p", owner="o", region="us-east-1", **words)
    return Deployment(spec, "dev", Environment(target="local"), Path("tideform.yaml"), "0")


@pytest.mark.parametrize(
    ("words", "ways"),
    [
        ({}, ["spot", "on-demand"]),
        ({"capacity": {"spot": "only"}}, ["spot"]),
        ({"capacity": {"spot": "never"}}, ["on-demand"]),
        ({"capacity": {"reservations": [RESERVATION]}}, [f"reservation {RESERVATION}", "spot", "on-demand"]),
        (
            {"capacity": {"reservations": [RESERVATION], "blocks": [BLOCK], "spot": "never"}},
            [f"capacity block {BLOCK}", f"reservation {RESERVATION}", "on-demand"],
        ),
        ({"capacity": {"blocks": [PLAN], "spot": "never"}}, ["training plan spring", "on-demand"]),
        ({"job": {**JOB, "nodes": 2}, "nodes": 2}, ["on-demand"]),
        ({"job": {**JOB, "nodes": 2}, "nodes": 2, "backend": "ec2"}, ["spot", "on-demand"]),
    ],
)
def test_ways_of_buying_in_the_order_in_which_they_are_tried(words: dict[str, Any], ways: list[str]) -> None:
    assert [str(one) for one in purchases(pool(**words))] == ways


def test_each_rung_names_its_types_zones_and_prices() -> None:
    spot, on_demand = ladder(pool(instance_types=["g5.xlarge", "g5.2xlarge"]), deployment())
    assert spot.zones == on_demand.zones == ("us-east-1a", "us-east-1b")
    assert str(on_demand).startswith("on-demand: g5.xlarge or g5.2xlarge in us-east-1a, us-east-1b, 1.01 to 1.21 USD")
    assert spot.usd[1] < on_demand.usd[1]


def test_what_is_reserved_says_that_it_is_paid_anyway() -> None:
    capacity = {"reservations": [RESERVATION], "blocks": [BLOCK], "spot": "never"}
    block, reservation, _ = map(str, ladder(pool(capacity=capacity, zones=["a"]), deployment()))
    assert block == f"capacity block {BLOCK}: c5.large in us-east-1a, paid up front: an hour costs nothing more"
    assert reservation.endswith("USD an hour each, used or not")


def test_zones_that_the_pool_names_are_the_only_ones() -> None:
    assert pool_zones(pool(zones=["b"]), deployment()) == ("us-east-1b",)


def test_nodes_that_work_together_have_one_zone() -> None:
    assert pool_zones(pool(nodes=2, job={**JOB, "nodes": 2}), deployment()) == ("us-east-1a",)


def test_an_existing_networks_zones_are_not_known() -> None:
    target = deployment(network={"existing": "vpc-0123456789abcdef0"})
    assert pool_zones(pool(), target) == ()
    assert "the subnets' zones" in str(ladder(pool(), target)[0])


@pytest.mark.parametrize(
    ("reason", "quota"),
    [
        ("You have requested more vCPU capacity than your current vCPU limit of 32 allows", True),
        ("CLIENT_ERROR - Max spot instance count exceeded", True),
        ("MaxSpotInstanceCountExceeded", True),
        ("InsufficientInstanceCapacity: no g5.xlarge in us-east-1a", False),
    ],
)
def test_a_quota_is_told_apart_from_a_market_that_is_empty(reason: str, quota: bool) -> None:
    assert quota_in(reason) is quota
