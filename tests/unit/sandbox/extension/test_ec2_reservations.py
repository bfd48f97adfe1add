"""Capacity reservations, and what a pool's status says of those that nobody uses."""

from __future__ import annotations

from typing import Any

import pytest

from tideform.burst.reservations import idle_reservations
from tideform.cloud import Cloud
from tideform.errors import CloudError


@pytest.fixture
def reservation(cloud: Cloud) -> str:
    made = cloud.client("ec2").create_capacity_reservation(
        InstanceType="m6i.large", InstancePlatform="Linux/UNIX", AvailabilityZone="us-east-1a", InstanceCount=2
    )
    return str(made["CapacityReservation"]["CapacityReservationId"])


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


def test_an_unknown_one_is_an_error(cloud: Cloud) -> None:
    with pytest.raises(CloudError):
        idle_reservations(cloud, ["cr-0123456789abcdef0"])


def test_a_pool_without_reservations_asks_nobody() -> None:
    assert idle_reservations(Cloud("us-east-1", "123456789012"), []) == ()
