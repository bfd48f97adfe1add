"""More time for a burst, within what can still be ended: bounds, and what it may cost then."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.burst.conftest import lease_of
from tests.unit.burst.fakes import FakeRunner
from tideform.burst.extend import extend, prolonged
from tideform.burst.runner import Instance
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.errors import RefusedError
from tideform.pools.worst_case import worst_of
from tideform.process import user
from tideform.spec.deployment import Deployment
from tideform.spec.quantities import Duration
from tideform.times import utc

NOTHING = FakeRunner([])


def on(deployment: Deployment, backend: str) -> Deployment:
    pool = deployment.spec.training["fit"].model_copy(update={"backend": backend})
    return replace(deployment, spec=deployment.spec.model_copy(update={"training": {"fit": pool}}))


def held(table: LeaseTable, deployment: Deployment, **changes: Any) -> None:
    lease = lease_of(deployment, owner=user(), **changes)
    table.acquire(lease)
    table.starting(lease)
    table.up(lease)


@pytest.mark.parametrize(("backend", "longest"), [("batch", "1w"), ("eks", "1w"), ("sagemaker", "1w"), ("ec2", "2d")])
@pytest.mark.parametrize("by", ["10d", "3650d", "999999d"])
def test_no_lease_is_made_longer_than_its_backend_can_end(
    table: LeaseTable, deployment: Deployment, backend: str, longest: str, by: str
) -> None:
    held(table, deployment)
    with pytest.raises(RefusedError) as refused:
        extend(table, NOTHING, on(deployment, backend), "fit", Duration.parse(by))
    (problem,) = refused.value.diagnostics
    assert (problem.code, f"{longest} is the longest" in problem.detail) == ("TD687", True)
    assert table.get("fit").leases[0].deadline == lease_of(deployment).deadline


def test_the_longest_lease_can_be_reached(table: LeaseTable, deployment: Deployment) -> None:
    held(table, deployment)
    week = Duration.parse("7d").seconds
    moved = extend(table, NOTHING, deployment, "fit", Duration(week - 3600))
    assert moved.leases[0].deadline - moved.leases[0].created == week


def test_no_lease_is_made_longer_that_nothing_would_end(table: LeaseTable, deployment: Deployment) -> None:
    held(table, deployment)
    unbraked = FakeRunner([])
    unbraked.missing = "it is not there"
    with pytest.raises(RefusedError) as refused:
        extend(table, unbraked, deployment, "fit", Duration.parse("1h"))
    assert refused.value.diagnostics[0].code == "TD605"
    assert table.get("fit").leases[0].deadline == lease_of(deployment).deadline


def test_the_worst_case_is_of_the_whole_lease_and_of_its_own_cap(table: LeaseTable, deployment: Deployment) -> None:
    held(table, deployment, cap_usd=Decimal("0.20"))
    (wanted,) = prolonged(table, deployment, "fit", Duration.parse("1h"))
    found = worst_of(wanted)
    assert found is not None
    assert (str(found.lease), str(found.cap), found.cut) == ("2h", "0.20 USD", True)


def test_what_a_backend_keeps_of_the_old_end_is_told(table: LeaseTable, deployment: Deployment) -> None:
    held(table, deployment)
    told = extend(table, NOTHING, on(deployment, "ec2"), "fit", Duration.parse("1h"))
    assert any("SSM keeps the time-out" in remark for remark in told.remarks)


class Ending(FakeRunner):
    """Capacity with an end of its own."""

    def hold_until(self, deadline: int) -> str:
        self.calls.append(str(deadline))
        return "its own end moved"


def standing(*ids: str) -> FakeRunner:
    """A runner with machines."""
    machines = (Instance(each, "c5.large", "running", spot=False, launched=0.0) for each in ids)
    return FakeRunner([], instances=tuple(machines))


def machine(cloud: Cloud) -> str:
    ec2 = cloud.client("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    return str(ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"])


def said(cloud: Cloud, identity: str) -> dict[str, str]:
    found = cloud.client("ec2").describe_instances(InstanceIds=[identity])["Reservations"][0]["Instances"][0]
    return {tag["Key"]: tag["Value"] for tag in found["Tags"]}


@pytest.mark.parametrize("others", [0, 3600, 7 * 3600])
def test_machines_say_the_latest_end_of_all_leases(
    others: int, cloud: Cloud, table: LeaseTable, deployment: Deployment
) -> None:
    """One's own lease is not all: while the table is away the reaper ends by tag, and would end a neighbour's burst."""
    held(table, deployment)
    own = lease_of(deployment).deadline
    table.acquire(lease_of(deployment, owner="neighbour", deadline=own + others))
    identity = machine(cloud)
    extend(table, standing(identity), deployment, "fit", Duration.parse("2h"))
    assert said(cloud, identity) == {"tideform:expires": utc(own + max(others, 2 * 3600))}


def test_an_end_that_the_capacity_has_of_its_own_moves_and_is_told(table: LeaseTable, deployment: Deployment) -> None:
    held(table, deployment)
    runner = Ending([])
    told = extend(table, runner, deployment, "fit", Duration.parse("1h"))
    assert (runner.calls, told.remarks[0]) == ([str(told.leases[0].deadline)], "its own end moved")


@pytest.mark.parametrize(("backend", "told"), [("batch", True), ("eks", False)])
def test_what_comes_later_with_the_old_end_is_told(
    backend: str, told: bool, cloud: Cloud, table: LeaseTable, deployment: Deployment
) -> None:
    held(table, deployment)
    found = extend(table, standing(machine(cloud)), on(deployment, backend), "fit", Duration.parse("1h"))
    assert any("was opened with" in remark for remark in found.remarks) == told
