"""Reservations that nobody uses: told once a day at most, whatever becomes of the bursts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from tests.unit.burst.reaper.leasing import make_table
from tideform.cloud import Cloud
from tideform.reaper.idle import tell_idle
from tideform.reaper.items import Items
from tideform.reaper.reserved import Reservation
from tideform.reaper.settings import Settings
from tideform.reaper.sweep import Round

_NUMBERS = count(1)
NOW, DAY = 1_800_000_000.0, 86_400


@pytest.fixture
def reservation(cloud: Cloud) -> Iterator[str]:
    """Two machines in the first zone."""
    ec2 = cloud.client("ec2")
    made = ec2.create_capacity_reservation(
        InstanceType="m6i.large", InstancePlatform="Linux/UNIX", AvailabilityZone="us-east-1a", InstanceCount=2
    )
    identity = str(made["CapacityReservation"]["CapacityReservationId"])
    yield identity
    ec2.cancel_capacity_reservation(CapacityReservationId=identity)


@pytest.fixture
def tell(cloud: Cloud, reservation: str) -> Callable[..., list[str]]:
    """Look at the pool ``fit`` at some time."""
    items = Items(cloud, make_table(cloud, f"idle-{next(_NUMBERS)}").name)
    settings = settings_of(items.table, {"fit": {"ids": [reservation], "prices": {"m6i.large": 0.096}}})
    return lambda later=0: tell_idle(cloud, settings, items, "fit", NOW + later)


def settings_of(table: str, reserved: dict[str, Any]) -> Settings:
    return Settings(table, "demo", "dev", reserved=reserved)


def test_it_names_the_reservation_its_free_machines_and_their_price(
    tell: Callable[..., list[str]], reservation: str
) -> None:
    (line,) = tell()
    assert line == (
        f"reservation {reservation}: 2 of 2 m6i.large in us-east-1a stand idle, 0.19 USD an hour paid for nothing"
    )


def test_it_is_told_once_a_day(tell: Callable[..., list[str]]) -> None:
    assert [len(tell(later)) for later in (0, 300, DAY - 1, DAY, DAY + 300)] == [1, 0, 0, 1, 0]


def test_one_that_is_used_up_is_not_told(cloud: Cloud, tell: Callable[..., list[str]]) -> None:
    ec2 = cloud.client("ec2")
    place = {"ImageId": "ami-12c6146b", "Placement": {"AvailabilityZone": "us-east-1a"}}
    made = ec2.run_instances(**place, InstanceType="m6i.large", MinCount=2, MaxCount=2)["Instances"]
    assert tell() == []
    ec2.terminate_instances(InstanceIds=[one["InstanceId"] for one in made])
    assert len(tell(300)) == 1


def test_a_round_tells_of_every_pool_and_a_failure_is_not_the_pools(cloud: Cloud, reservation: str) -> None:
    table = make_table(cloud, f"idle-{next(_NUMBERS)}").name
    settings = settings_of(table, {"broken": {"ids": [reservation]}, "fit": {"ids": [reservation], "prices": {}}})
    summary = Round(cloud, settings, clock=lambda: NOW, spare=lambda: 1.0).run()
    assert list(summary["failures"]) == ["reservations of broken"]
    assert [line.partition(":")[0] for line in summary["did"]] == ["reservations of fit"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({}, "the account has none of this id"),
        ({"state": "scheduled"}, "it is scheduled"),
        ({"state": "active", "free": 0}, "it is full"),
        ({"state": "active", "free": 1, "block": True, "ends": NOW + 1800}, "it is about to end"),
        ({"state": "active", "free": 1, "block": True, "ends": NOW + 1801}, ""),
        ({"state": "active", "free": 1, "ends": NOW + 60}, ""),
    ],
)
def test_why_no_machine_starts_in_it(words: dict[str, Any], why: str) -> None:
    assert Reservation("cr-0123456789abcdef0", **words).closed(NOW) == why
