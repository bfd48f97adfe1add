"""Groups bring their instances, spread them, replace them, and let them go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.autoscaling.conftest import Group
from tests.unit.sandbox.waiting import until
from tideform.cloud import Cloud
from tideform.local import client


def test_a_group_at_zero_has_nothing(group: Group) -> None:
    assert (group.told()["DesiredCapacity"], group.told()["Instances"]) == (0, [])


def test_desired_capacity_comes_as_the_first_type_spread_over_the_zones(group: Group) -> None:
    group.update(DesiredCapacity=2)
    members = group.has(2)
    assert {member["InstanceType"] for member in members} == {"g5.xlarge"}
    assert {member["AvailabilityZone"] for member in members} == {"us-east-1a", "us-east-1b"}


def test_instances_carry_the_tags_of_template_and_group(group: Group) -> None:
    group.update(DesiredCapacity=1)
    group.has(1)
    tags = {tag["Key"]: tag["Value"] for tag in group.instances()[0]["Tags"]}
    assert {"of": "instance", "pool": "fit", "aws:autoscaling:groupName": group.name}.items() <= tags.items()


def test_a_placement_group_stays_while_machines_are_in_it(group_of: Callable[..., Group], cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    ec2.create_placement_group(GroupName="close", Strategy="cluster")
    group = group_of(PlacementGroup="close", DesiredCapacity=1)
    group.has(1)
    with pytest.raises(ClientError, match="is in use"):
        ec2.delete_placement_group(GroupName="close")


@pytest.mark.parametrize(("percent", "lifecycles"), [(0, {"spot"}), (100, {None}), (50, {"spot", None})])
def test_the_distribution_says_what_is_spot(group: Group, percent: int, lifecycles: set[str | None]) -> None:
    distribution = {"OnDemandPercentageAboveBaseCapacity": percent}
    group.update(DesiredCapacity=2, MixedInstancesPolicy={"InstancesDistribution": distribution})
    group.has(2)
    assert {instance.get("InstanceLifecycle") for instance in group.instances()} == lifecycles


def test_a_change_of_the_distribution_leaves_template_and_types(group: Group) -> None:
    before = group.told()["MixedInstancesPolicy"]["LaunchTemplate"]
    group.update(MixedInstancesPolicy={"InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 100}})
    assert group.told()["MixedInstancesPolicy"]["LaunchTemplate"] == before


def test_an_instance_that_somebody_ends_is_replaced(group: Group) -> None:
    group.update(DesiredCapacity=1)
    (first,) = group.has(1)
    group.cloud.client("ec2").terminate_instances(InstanceIds=[first["InstanceId"]])
    until(lambda: [m["InstanceId"] for m in group.members()] not in ([], [first["InstanceId"]]))


def test_nothing_is_replaced_while_launches_are_suspended(group: Group) -> None:
    group.update(DesiredCapacity=1)
    (first,) = group.has(1)
    group.api.suspend_processes(AutoScalingGroupName=group.name, ScalingProcesses=["Launch"])
    group.cloud.client("ec2").terminate_instances(InstanceIds=[first["InstanceId"]])
    group.has(0)
    group.advance(600)
    assert group.instances() == []


def test_zero_ends_everything_with_its_disks(group: Group) -> None:
    group.update(DesiredCapacity=2)
    group.has(2)
    ids = [instance["InstanceId"] for instance in group.instances()]
    group.update(MinSize=0, MaxSize=0, DesiredCapacity=0)
    until(lambda: not group.instances())
    attached = [{"Name": "attachment.instance-id", "Values": ids}]
    assert group.cloud.client("ec2").describe_volumes(Filters=attached)["Volumes"] == []


def test_more_than_the_bound_is_refused(group: Group) -> None:
    with pytest.raises(ClientError, match="above max value 4"):
        group.api.set_desired_capacity(AutoScalingGroupName=group.name, DesiredCapacity=5)


def test_a_lower_bound_lowers_the_desired_capacity(group: Group) -> None:
    group.update(DesiredCapacity=3)
    group.has(3)
    group.update(MaxSize=1)
    group.has(1)


def test_a_launch_that_fails_is_told_in_the_activities(group_of: Callable[..., Group], ground: dict[str, Any]) -> None:
    policy = {**ground["MixedInstancesPolicy"]}
    policy["LaunchTemplate"] = {**policy["LaunchTemplate"], "Overrides": [{"InstanceType": "g9.huge"}]}
    group = group_of(MixedInstancesPolicy=policy, DesiredCapacity=1)
    until(group.activities)
    (failed,) = group.activities()
    assert failed["StatusCode"] == "Failed"
    assert failed["StatusMessage"].startswith("Could not launch Spot Instances. InvalidInstanceType.NotFound - ")


def test_a_group_with_instances_is_deleted_with_force_only(group: Group) -> None:
    group.update(DesiredCapacity=1)
    group.has(1)
    with pytest.raises(ClientError, match="ResourceInUse"):
        group.api.delete_auto_scaling_group(AutoScalingGroupName=group.name)
    group.api.delete_auto_scaling_group(AutoScalingGroupName=group.name, ForceDelete=True)
    until(lambda: not group.instances())


def test_a_taken_name_is_refused(group: Group, ground: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="AlreadyExists"):
        group.api.create_auto_scaling_group(AutoScalingGroupName=group.name, **ground)


def test_a_launch_is_tried_again_when_the_market_has_some(group: Group) -> None:
    client.market(group.workspace, {"lack": [{"types": "g5"}]})
    group.update(DesiredCapacity=1)
    until(group.activities)
    assert "InsufficientInstanceCapacity - " in group.activities()[0]["StatusMessage"]
    client.market(group.workspace, {"clear": True})
    group.has(1)


def test_a_slow_start_is_pending_until_the_instance_runs(group: Group) -> None:
    client.market(group.workspace, {"slow": [{"types": "g5", "seconds": 90}]})
    group.update(DesiredCapacity=1)
    group.has(1, "Pending")
    group.advance(91)
    group.has(1)
    client.market(group.workspace, {"clear": True})


def test_an_instance_at_risk_goes_when_its_replacement_is_there(group_of: Callable[..., Group]) -> None:
    group = group_of(CapacityRebalance=True, DesiredCapacity=1)
    (first,) = group.has(1)
    client.market(group.workspace, {"reclaim": [{"instance": first["InstanceId"], "notice": 120}]})
    until(lambda: [m["InstanceId"] for m in group.members()] not in ([], [first["InstanceId"]]))
    assert len(group.has(1)) == 1


@pytest.fixture
def reservation(group: Group) -> Iterator[str]:
    """One machine of the first type in zone b, for those alone that name it."""
    ec2 = group.cloud.client("ec2")
    made = ec2.create_capacity_reservation(
        InstanceType="g5.xlarge",
        InstancePlatform="Linux/UNIX",
        AvailabilityZone="us-east-1b",
        InstanceCount=1,
        InstanceMatchCriteria="targeted",
    )
    identity = str(made["CapacityReservation"]["CapacityReservationId"])
    yield identity
    ec2.cancel_capacity_reservation(CapacityReservationId=identity)


ON_DEMAND = {"InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 100}}


def wants(reservation: str, preference: str) -> dict[str, Any]:
    target = {"CapacityReservationIds": [reservation]}
    return {"CapacityReservationPreference": preference, "CapacityReservationTarget": target}


def test_launches_go_into_the_reservation_and_nowhere_else(group: Group, reservation: str) -> None:
    only = wants(reservation, "capacity-reservations-only")
    group.update(DesiredCapacity=2, MixedInstancesPolicy=ON_DEMAND, CapacityReservationSpecification=only)
    (member,) = group.has(1)
    assert member["AvailabilityZone"] == "us-east-1b"
    until(lambda: any("ReservationCapacityExceeded" in a.get("StatusMessage", "") for a in group.activities()))
    assert [one["CapacityReservationId"] for one in group.instances()] == [reservation]


def test_launches_go_into_the_reservation_first(group: Group, reservation: str) -> None:
    first = wants(reservation, "capacity-reservations-first")
    group.update(DesiredCapacity=2, MixedInstancesPolicy=ON_DEMAND, CapacityReservationSpecification=first)
    group.has(2)
    assert {one.get("CapacityReservationId") for one in group.instances()} == {reservation, None}
