"""Capacity reservations and Capacity Blocks, and what a pool's status says of those that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.market.machines import Machines
from tideform.burst.reservations import idle_reservations
from tideform.cloud import Cloud
from tideform.local import client
from tideform.reaper.reserved import MISSING


@pytest.fixture
def reservation(cloud: Cloud, machines: Machines) -> Iterator[str]:
    made = cloud.client("ec2").create_capacity_reservation(
        InstanceType="m6i.large", InstancePlatform="Linux/UNIX", AvailabilityZone="us-east-1a", InstanceCount=2
    )
    identity = str(made["CapacityReservation"]["CapacityReservationId"])
    yield identity
    machines.ec2.cancel_capacity_reservation(CapacityReservationId=identity)


def launch(cloud: Cloud, **words: Any) -> None:
    cloud.client("ec2").run_instances(
        ImageId="ami-12c6146b",
        InstanceType="m6i.large",
        MinCount=1,
        MaxCount=1,
        Placement={"AvailabilityZone": "us-east-1a"},
        **words,
    )


def test_a_reservation_that_nobody_uses_is_told_with_what_it_costs(cloud: Cloud, reservation: str) -> None:
    (idle,) = idle_reservations(cloud, [reservation])
    assert (idle.free, idle.total) == (2, 2)
    assert str(idle).startswith(f"reservation {reservation}: 2 of 2 m6i.large in us-east-1a stand idle")


def test_on_demand_machines_use_it_up(cloud: Cloud, reservation: str) -> None:
    launch(cloud)
    (idle,) = idle_reservations(cloud, [reservation])
    assert idle.free == 1
    launch(cloud)
    assert idle_reservations(cloud, [reservation]) == ()


def test_one_that_was_given_back_is_not_idle(cloud: Cloud, reservation: str) -> None:
    cloud.client("ec2").cancel_capacity_reservation(CapacityReservationId=reservation)
    assert idle_reservations(cloud, [reservation]) == ()


def test_one_that_the_account_does_not_have_is_told_beside_those_that_it_has(cloud: Cloud, reservation: str) -> None:
    missing, idle = sorted(idle_reservations(cloud, ["cr-0123456789abcdef0", reservation]), key=lambda one: one.total)
    assert (missing.state, missing.id, idle.id) == (MISSING, "cr-0123456789abcdef0", reservation)


def test_a_pool_without_reservations_asks_nobody() -> None:
    assert idle_reservations(Cloud("us-east-1", "123456789012"), []) == ()


HOUR = 3600


def block(machines: Machines, *, count: int = 1, hours: int = 2, begins_in: float = 0, kind: str = "g5.xlarge") -> str:
    """Buy a block in the first zone; returns its id."""
    start = datetime.fromtimestamp(machines.now() + begins_in, UTC)
    offers = machines.ec2.describe_capacity_block_offerings(
        InstanceType=kind, InstanceCount=count, CapacityDurationHours=hours, StartDateRange=start
    )["CapacityBlockOfferings"]
    bought = machines.ec2.purchase_capacity_block(
        CapacityBlockOfferingId=offers[0]["CapacityBlockOfferingId"], InstancePlatform="Linux/UNIX"
    )
    return str(bought["CapacityReservation"]["CapacityReservationId"])


def told(machines: Machines, identity: str) -> dict[str, Any]:
    answer = machines.ec2.describe_capacity_reservations(CapacityReservationIds=[identity])
    found: dict[str, Any] = answer["CapacityReservations"][0]
    return found


def into(identity: str, *, market: str = "capacity-block") -> dict[str, Any]:
    """What RunInstances is told to launch into a reservation."""
    target = {"CapacityReservationSpecification": {"CapacityReservationTarget": {"CapacityReservationId": identity}}}
    return {**target, "InstanceMarketOptions": {"MarketType": market}} if market else target


def refusal(machines: Machines, **words: Any) -> str:
    with pytest.raises(ClientError) as refused:
        machines.launch(**words)
    return str(refused.value.response["Error"]["Code"])


def test_a_block_is_offered_with_its_fee_and_bought_for_its_time(machines: Machines) -> None:
    found = told(machines, block(machines, begins_in=HOUR, hours=24))
    assert (found["ReservationType"], found["InstanceMatchCriteria"]) == ("capacity-block", "targeted")
    assert (found["State"], found["AvailableInstanceCount"]) == ("scheduled", 0)
    assert (found["EndDate"] - found["StartDate"]).total_seconds() == 24 * HOUR


def test_a_launch_that_names_the_block_uses_it_up_and_costs_nothing_more(machines: Machines) -> None:
    identity = block(machines)
    machine = machines.launch(**into(identity))
    seen = machines.see(machine)
    assert (seen["InstanceLifecycle"], seen["CapacityReservationId"]) == ("capacity-block", identity)
    assert told(machines, identity)["AvailableInstanceCount"] == 0
    (entry,) = [one for one in client.bill(machines.workspace)["machines"] if one["id"] == machine]
    assert entry["hourly"] == 0


def test_a_launch_that_does_not_name_it_leaves_it_alone(machines: Machines) -> None:
    identity = block(machines)
    machines.launch()
    assert told(machines, identity)["AvailableInstanceCount"] == 1


def test_a_block_that_is_full_refuses(machines: Machines) -> None:
    identity = block(machines)
    machines.launch(**into(identity))
    assert refusal(machines, **into(identity)) == "ReservationCapacityExceeded"


def test_a_block_takes_its_own_type_and_zone_alone(machines: Machines) -> None:
    identity = block(machines)
    assert refusal(machines, kind="g5.2xlarge", **into(identity)) == "ReservationCapacityExceeded"
    assert refusal(machines, zone="us-east-1b", **into(identity)) == "ReservationCapacityExceeded"


def test_a_block_wants_its_market_type(machines: Machines) -> None:
    assert refusal(machines, **into(block(machines), market="")) == "InvalidParameterValue"


def test_a_block_that_has_not_begun_or_is_about_to_end_takes_no_launches(machines: Machines) -> None:
    identity = block(machines, begins_in=HOUR)
    assert refusal(machines, **into(identity)) == "InsufficientInstanceCapacity"
    machines.advance(HOUR)
    machines.launch(**into(identity))
    machines.advance(1.5 * HOUR)
    assert refusal(machines, **into(identity)) == "InsufficientInstanceCapacity"


def test_half_an_hour_before_its_end_its_machines_go(machines: Machines) -> None:
    identity = block(machines)
    machine = machines.launch(**into(identity))
    machines.advance(1.5 * HOUR - 60)
    assert machines.state(machine) == "running"
    machines.advance(61)
    assert machines.state(machine) == "terminated"
    machines.advance(HOUR)
    assert told(machines, identity)["State"] == "expired"


def test_a_lack_in_the_market_does_not_touch_what_is_reserved(machines: Machines) -> None:
    identity = block(machines)
    machines.script(lack=[{"types": "g5"}])
    machines.launch(**into(identity))
    assert refusal(machines) == "InsufficientInstanceCapacity"


def test_a_targeted_reservation_serves_those_alone_that_name_it(machines: Machines) -> None:
    identity = machines.ec2.create_capacity_reservation(
        InstanceType="g5.xlarge",
        InstancePlatform="Linux/UNIX",
        AvailabilityZone="us-east-1a",
        InstanceCount=1,
        InstanceMatchCriteria="targeted",
    )["CapacityReservation"]["CapacityReservationId"]
    machines.launch()
    assert told(machines, identity)["AvailableInstanceCount"] == 1
    machines.launch(**into(identity, market=""))
    assert refusal(machines, **into(identity, market="")) == "ReservationCapacityExceeded"
