"""What nobody holds is seen from here as the reaper sees it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tideform.burst.lease import Lease
from tideform.burst.ownerless import ownerless, sighted
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.errors import CloudError
from tideform.reaper.items import Items
from tideform.spec.deployment import Deployment


def launch(cloud: Cloud, deployment: Deployment, **more: str) -> str:
    """A machine with the tags of the pool."""
    tags = {**deployment.tags("training", "fit"), **{f"tideform:{key}": value for key, value in more.items()}}
    answer = cloud.client("ec2").run_instances(
        ImageId="ami-12345678",
        InstanceType="c5.large",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        ],
    )
    return str(answer["Instances"][0]["InstanceId"])


def test_a_machine_by_hand_is_seen_with_its_price(cloud: Cloud, deployment: Deployment, table: LeaseTable) -> None:
    machine = launch(cloud, deployment)
    (found,) = ownerless(cloud, deployment)
    assert (found.pool, found.id) == ("fit", machine)
    assert found.hourly_usd == pytest.approx(0.085)
    assert "names no lease" in found.why


def test_a_stray_is_seen_with_the_lease_that_it_names(cloud: Cloud, deployment: Deployment, table: LeaseTable) -> None:
    launch(cloud, deployment, lease="gone", token="1")
    assert "lease gone holds nothing" in ownerless(cloud, deployment)[0].why


def test_a_machine_of_a_living_lease_is_none(
    cloud: Cloud, deployment: Deployment, table: LeaseTable, lease: Lease
) -> None:
    record = table.acquire(lease)
    launch(cloud, deployment, lease=lease.id, token=str(record.token))
    assert ownerless(cloud, deployment) == ()


@pytest.mark.parametrize("more", [{"lease": "gone", "expires": "2099-01-01T00:00:00Z"}, {}])
def test_without_a_table_the_command_that_ends_it_is_named(
    cloud: Cloud, deployment: Deployment, more: dict[str, str]
) -> None:
    launch(cloud, deployment, **more)
    assert "there is no lease table" in ownerless(cloud, deployment)[0].why
    assert "`tideform burst down fit`" in ownerless(cloud, deployment)[0].why


def test_a_pool_that_the_spec_no_longer_has_is_seen_too(
    cloud: Cloud, deployment: Deployment, table: LeaseTable
) -> None:
    launch(cloud, deployment, unit="forgotten")
    assert [one.pool for one in ownerless(cloud, deployment)] == ["forgotten"]


@pytest.mark.parametrize("changes", [{"leases": 3}, {"handle": "x"}, {"state": "up"}])
def test_of_a_pool_whose_item_cannot_be_read_nothing_is_judged_and_others_are(
    cloud: Cloud, deployment: Deployment, table: LeaseTable, changes: dict[str, Any]
) -> None:
    table.items.write({"pk": "pool#fit", **changes})
    launch(cloud, deployment, lease="any", token="1")
    launch(cloud, deployment, unit="forgotten")
    assert [one.pool for one in ownerless(cloud, deployment)] == ["forgotten"]


@pytest.fixture
def batch_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> object:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "DescribeJobQueues")

    monkeypatch.setattr("tideform.backends.training.batch.in_account.sources.look", refuse)


@pytest.mark.usefixtures("batch_refuses")
def test_what_one_service_refuses_is_told_and_hides_nothing_of_the_others(
    cloud: Cloud, deployment: Deployment, table: LeaseTable
) -> None:
    machine = launch(cloud, deployment)
    seen = sighted(cloud, deployment)
    assert [one.id for one in seen.found] == [machine]
    assert [one.what for one in seen.unasked] == ["held by nobody (Batch)"]
    assert "AccessDeniedException" in seen.unasked[0].why


@pytest.mark.usefixtures("batch_refuses", "table")
def test_whoever_acts_on_it_is_not_told_that_there_is_nothing(cloud: Cloud, deployment: Deployment) -> None:
    with pytest.raises(CloudError):
        ownerless(cloud, deployment)


def test_where_the_table_cannot_be_read_nobody_is_told_that_nothing_is_unheld(
    cloud: Cloud, deployment: Deployment, table: LeaseTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Items) -> list[Any]:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "Scan")

    monkeypatch.setattr(Items, "all", refuse)
    seen = sighted(cloud, deployment)
    assert (seen.told, [one.what for one in seen.unasked]) == (None, ["held by nobody (the lease table)"])
