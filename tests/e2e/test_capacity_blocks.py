"""A pool of the backend ``batch`` with a capacity block: used up first, and left behind when it is full or over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.workspaces import Workspace, opened
from tideform.local.client import advance_clock

pytestmark = pytest.mark.e2e

HOUR = 3600
SPEC = """\
version: 1
project: blocks
owner: ml@example.com
region: us-east-1
environments: {{dev: {{target: local}}}}
training:
  fit:
    instance_types: [c5.large]
    zones: [a]
    lease: 4h
    max_cost: 50 USD
    checkpoint: {{every: 10m}}
    capacity: {{spot: never, blocks: [{block}]}}
    job: {{image: trainer, command: [sh, -c, '{command}']}}
"""
# The first run is cut off with its machine; the second one finds its mark. The command itself is told, too.
TWICE = "if [ -e begun ]; then echo run$((1+1)); else touch begun; echo run$((0+1)); sleep 600; fi"


def bought(project: Workspace, hours: int) -> str:
    """Buy a block of one machine in the first zone that begins now."""
    ec2 = project.cloud.client("ec2")
    offers = ec2.describe_capacity_block_offerings(
        InstanceType="c5.large", InstanceCount=1, CapacityDurationHours=hours
    )["CapacityBlockOfferings"]
    chosen = offers[0]["CapacityBlockOfferingId"]
    made = ec2.purchase_capacity_block(CapacityBlockOfferingId=chosen, InstancePlatform="Linux/UNIX")
    return str(made["CapacityReservation"]["CapacityReservationId"])


@pytest.fixture(scope="module")
def block() -> list[str]:
    """The id of the block, once it is bought."""
    return []


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, block: list[str]) -> Iterator[Workspace]:
    with opened(tmp_path_factory.mktemp("blocks"), SPEC.format(block="cr-0123456789abcdef0", command="true")) as made:
        block.append(bought(made, 2))
        made.spec.write_text(SPEC.format(block=block[0], command=TWICE), encoding="utf-8")
        done = made.run("apply", "--yes")
        assert done.returncode == 0, done.stderr
        yield made


def where(project: Workspace) -> list[tuple[str | None, str | None]]:
    """The life cycle and the reservation of each machine."""
    return [(one.get("InstanceLifecycle"), one.get("CapacityReservationId")) for one in project.instances()]


def into(block: str) -> dict[str, Any]:
    target = {"CapacityReservationTarget": {"CapacityReservationId": block}}
    return {"CapacityReservationSpecification": target, "InstanceMarketOptions": {"MarketType": "capacity-block"}}


def test_the_plan_has_the_block_first(project: Workspace, block: list[str]) -> None:
    told = project.run("plan").stdout
    assert f"capacity block {block[0]}: c5.large in us-east-1a, paid up front" in told


def test_the_block_is_used_first_costs_nothing_more_and_is_told_when_idle(project: Workspace, block: list[str]) -> None:
    assert project.run("burst", "up", "fit").returncode == 0
    assert where(project) == [("capacity-block", block[0])]
    advance_clock(project.folder, 600)
    status = json.loads(project.run("burst", "status", "--json").stdout)["pools"][0]
    assert (status["usd"], status["idle_reservations"]) == (0, [])
    down = project.run("burst", "down", "fit")
    assert down.returncode == 0, down.stderr
    assert f"capacity block {block[0]}: 1 of 1 c5.large in us-east-1a stand idle, paid up front" in down.stdout
    assert "nothing is left" in down.stdout


def test_the_reaper_tells_of_an_idle_block_once_a_day(project: Workspace, block: list[str]) -> None:
    advance_clock(project.folder, 600)
    table = project.cloud.client("dynamodb")
    told = table.get_item(TableName="blocks-dev-leases", Key={"pk": {"S": "idle#fit"}}, ConsistentRead=True)["Item"]
    advance_clock(project.folder, 600)
    again = table.get_item(TableName="blocks-dev-leases", Key={"pk": {"S": "idle#fit"}}, ConsistentRead=True)["Item"]
    assert told == again


def test_a_full_block_is_left_to_those_who_have_it(project: Workspace, block: list[str]) -> None:
    ec2 = project.cloud.client("ec2")
    place = {"ImageId": "ami-0ec50a11d3b25e1a4", "Placement": {"AvailabilityZone": "us-east-1a"}}
    other = ec2.run_instances(**place, InstanceType="c5.large", MinCount=1, MaxCount=1, **into(block[0]))
    identity = other["Instances"][0]["InstanceId"]
    done = project.run("burst", "up", "fit")
    assert done.returncode == 0, done.stderr
    assert f"Capacity block {block[0]} is left aside: it is full" in done.stderr
    assert sorted(where(project), key=str) == [("capacity-block", block[0]), (None, None)]
    assert project.run("burst", "down", "fit").returncode == 0
    ec2.terminate_instances(InstanceIds=[identity])


def test_a_job_whose_block_ends_begins_again_on_demand(project: Workspace, block: list[str]) -> None:
    """The lease is longer than what is left of the block, and the burst says so."""
    burst = project.start("burst", "run", "fit", "--yes")
    burst.says("run1")
    assert f"capacity block {block[0]} ends before" in burst.stderr
    advance_clock(project.folder, HOUR)
    burst.says("run2")
    assert burst.ended() == 0, burst.stderr
    assert project.instances() == []


def test_a_block_that_is_over_is_passed_by(project: Workspace) -> None:
    advance_clock(project.folder, HOUR)
    done = project.run("burst", "up", "fit")
    assert done.returncode == 0, done.stderr
    assert where(project) == [(None, None)]
    assert project.run("burst", "down", "fit").returncode == 0
