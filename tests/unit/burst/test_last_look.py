"""Before the reaper goes: nothing of any pool stands, whether the spec still names it or not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.burst.conftest import lease_of
from tests.unit.burst.test_ownerless import launch
from tideform.burst.lease import Lease
from tideform.burst.receipt import Receipt
from tideform.burst.table import LeaseTable
from tideform.cloud import Cloud
from tideform.errors import LeftoversError
from tideform.operations.teardown import require_nothing_stands
from tideform.spec.deployment import Deployment


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pools whose receipt was asked for; each is empty."""
    pools: list[str] = []

    def receipt(_cloud: Cloud, _deployment: Deployment, pool: str) -> Receipt:
        pools.append(pool)
        return Receipt(pool)

    monkeypatch.setattr("tideform.operations.teardown.capacity_receipt", receipt)
    return pools


def test_a_machine_of_a_pool_that_the_spec_no_longer_has_is_named(
    cloud: Cloud, deployment: Deployment, table: LeaseTable, asked: list[str]
) -> None:
    machine = launch(cloud, deployment, unit="forgotten")
    with pytest.raises(LeftoversError, match="Something is left") as left:
        require_nothing_stands(cloud, deployment)
    (found,) = left.value.diagnostics
    assert found.code == "TD608"
    assert "forgotten" in found.detail
    assert machine in found.detail


def test_every_pool_of_spec_and_table_is_asked_about(
    cloud: Cloud, deployment: Deployment, table: LeaseTable, asked: list[str]
) -> None:
    old: Lease = replace(lease_of(deployment), pool="old")
    table.acquire(old)
    require_nothing_stands(cloud, deployment)
    assert asked == ["fit", "old"]


def test_a_pool_whose_record_cannot_be_read_is_asked_about_too(
    cloud: Cloud, deployment: Deployment, table: LeaseTable, asked: list[str]
) -> None:
    table.items.write({"pk": "pool#old", "leases": 3})
    require_nothing_stands(cloud, deployment)
    assert asked == ["fit", "old"]


def test_without_a_table_machines_are_looked_for_all_the_same(
    cloud: Cloud, deployment: Deployment, asked: list[str]
) -> None:
    launch(cloud, deployment, unit="forgotten")
    with pytest.raises(LeftoversError):
        require_nothing_stands(cloud, deployment)


def test_nothing_is_nothing(cloud: Cloud, deployment: Deployment, asked: list[str]) -> None:
    require_nothing_stands(cloud, deployment)
    assert asked == ["fit"]
