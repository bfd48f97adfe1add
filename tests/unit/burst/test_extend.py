"""More time for a burst, within what can still be ended: bounds, and what it may cost then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.burst.conftest import lease_of
from tideform.burst.extend import extend, prolonged
from tideform.burst.runner import Instance
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.components.worst_case import worst_of
from tideform.errors import RefusedError
from tideform.process import user
from tideform.spec.deployment import Deployment
from tideform.spec.quantities import Duration
from tideform.times import utc


class _Nothing:
    """A runner without capacity."""

    def capacity(self) -> tuple[()]:
        return ()


NOTHING: Any = _Nothing()


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


@dataclass
class _Standing:
    """A runner with machines."""

    cloud: Cloud
    ids: list[str]

    def capacity(self) -> list[Instance]:
        return [Instance(each, "c5.large", "running", spot=False, launched=0.0) for each in self.ids]


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
    standing: Any = _Standing(cloud, [machine(cloud)])
    extend(table, standing, deployment, "fit", Duration.parse("2h"))
    assert said(cloud, standing.ids[0]) == {"tideform:expires": utc(own + max(others, 2 * 3600))}


@pytest.mark.parametrize(("backend", "told"), [("batch", True), ("eks", False)])
def test_what_comes_later_with_the_old_end_is_told(
    backend: str, told: bool, cloud: Cloud, table: LeaseTable, deployment: Deployment
) -> None:
    held(table, deployment)
    standing: Any = _Standing(cloud, [machine(cloud)])
    found = extend(table, standing, on(deployment, backend), "fit", Duration.parse("1h"))
    assert any("was opened with" in remark for remark in found.remarks) == told
