"""Groups replace by themselves what is bought otherwise than they ask, and what stands unevenly over the zones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.unit.sandbox.autoscaling.conftest import Group
from tests.unit.sandbox.waiting import until
from tideform.local import client


@pytest.fixture(autouse=True)
def _free_market(group: Group) -> Iterator[None]:
    yield
    client.market(group.workspace, {"clear": True})


def ids(group: Group) -> set[str]:
    return {member["InstanceId"] for member in group.members()}


def lifecycles(group: Group) -> set[str | None]:
    return {instance.get("InstanceLifecycle") for instance in group.instances()}


def later(group: Group) -> set[str | None]:
    group.advance(10)
    return lifecycles(group)


def buys(group: Group, percent: int, **distribution: str) -> None:
    asked = {"OnDemandPercentageAboveBaseCapacity": percent, **distribution}
    group.update(MixedInstancesPolicy={"InstancesDistribution": asked})


@pytest.mark.parametrize(("first", "then", "lifecycle"), [(0, 100, None), (100, 0, "spot")])
def test_another_percentage_replaces_every_machine(group: Group, first: int, then: int, lifecycle: str | None) -> None:
    buys(group, first)
    group.update(DesiredCapacity=2)
    group.has(2)
    before = ids(group)
    buys(group, then)
    until(lambda: later(group) == {lifecycle} and len(group.members()) == 2)
    assert ids(group).isdisjoint(before)


def test_machines_go_after_others_have_come(group: Group) -> None:
    group.update(DesiredCapacity=1)
    group.has(1)
    client.market(group.workspace, {"slow": [{"types": "g5", "seconds": 90}]})
    buys(group, 100)
    group.has(1, "Pending")
    group.advance(60)
    assert lifecycles(group) == {"spot", None}
    group.advance(31)
    until(lambda: lifecycles(group) == {None})


def test_no_machine_goes_for_what_cannot_be_had(group: Group) -> None:
    group.update(DesiredCapacity=2)
    group.has(2)
    client.market(group.workspace, {"lack": [{"types": "g5", "market": "on-demand"}]})
    buys(group, 100)
    group.advance(120)
    assert (len(group.members()), lifecycles(group)) == (2, {"spot"})


def test_parts_of_a_distribution_that_are_not_said_become_the_defaults(group: Group) -> None:
    buys(group, 0, SpotAllocationStrategy="price-capacity-optimized")
    buys(group, 100)
    assert group.told()["MixedInstancesPolicy"]["InstancesDistribution"]["SpotAllocationStrategy"] == "lowest-price"


def zones(group: Group) -> Counter[str]:
    return Counter(member["AvailabilityZone"] for member in group.members())


def crowded(group: Group) -> None:
    """Two machines in zone b, as zone a had none."""
    client.market(group.workspace, {"lack": [{"types": "g5", "zone": "us-east-1a"}]})
    group.update(DesiredCapacity=2)
    group.has(2)
    assert zones(group) == {"us-east-1b": 2}


def test_a_zone_that_has_capacity_again_takes_a_machine_of_the_fuller_one(group: Group) -> None:
    crowded(group)
    before = ids(group)
    client.market(group.workspace, {"clear": True})
    until(lambda: zones(group) == {"us-east-1a": 1, "us-east-1b": 1})
    assert len(ids(group) & before) == 1


def test_without_rebalancing_of_zones_machines_stay_where_they_are(group: Group) -> None:
    group.api.suspend_processes(AutoScalingGroupName=group.name, ScalingProcesses=["AZRebalance"])
    crowded(group)
    before = ids(group)
    client.market(group.workspace, {"clear": True})
    group.advance(120)
    assert ids(group) == before
