"""The lease table: who brings capacity, who takes it away, and that many at once lose nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.unit.burst.conftest import NOW, lease_of
from tideform.burst.lease import Lease, Mode, PoolRecord, State
from tideform.burst.table import LeaseTable, Terms
from tideform.burst.table_errors import BusyPoolError
from tideform.burst.terms import terms_of
from tideform.cloud import Cloud
from tideform.errors import CloudError, RefusedError
from tideform.reaper.pools import Pools
from tideform.spec.deployment import Deployment

HANDLE = {"backend": "batch", "job_queue": "fit", "tags": {"tideform:unit": "fit"}}


def test_a_pool_that_never_burst_is_idle(table: LeaseTable) -> None:
    assert table.get("fit") == PoolRecord("fit")


def test_a_lease_reads_back_as_it_was_written(table: LeaseTable, lease: Lease) -> None:
    table.acquire(lease)
    assert table.get("fit").leases == (replace(lease, token=1),)


def test_each_acquisition_counts_and_gets_the_next_token(table: LeaseTable, deployment: Deployment) -> None:
    records = [table.acquire(lease_of(deployment)) for _ in range(3)]
    assert [(r.count, r.token) for r in records] == [(1, 1), (2, 2), (3, 3)]


def test_fifty_at_once_lose_no_lease_and_share_no_token(table: LeaseTable, deployment: Deployment) -> None:
    leases = [lease_of(deployment) for _ in range(50)]
    with ThreadPoolExecutor(50) as threads:
        records = list(threads.map(table.acquire, leases))
    held = table.get("fit")
    assert {r.token for r in records} == set(range(1, 51))
    assert {lease.id for lease in held.leases} == {lease.id for lease in leases}
    assert len({lease.token for lease in held.leases}) == held.count == 50


def test_of_twenty_that_leave_at_once_exactly_one_takes_the_capacity_away(
    table: LeaseTable, deployment: Deployment
) -> None:
    leases = [lease_of(deployment) for _ in range(20)]
    for lease in leases:
        table.acquire(lease)
    with ThreadPoolExecutor(20) as threads:
        records = list(threads.map(lambda lease: table.release(lease, NOW), leases))
    assert sum(r is not None and r.state is State.STOPPING for r in records) == 1


def test_the_last_lease_stays_until_capacity_is_gone(table: LeaseTable, lease: Lease) -> None:
    table.acquire(lease)
    table.release(lease, NOW)
    assert [held.id for held in table.get("fit").leases] == [lease.id]


def test_nobody_joins_a_pool_that_is_being_taken_down(table: LeaseTable, lease: Lease, deployment: Deployment) -> None:
    table.acquire(lease)
    table.release(lease, NOW)
    with pytest.raises(BusyPoolError):
        table.acquire(lease_of(deployment))


def test_a_pool_is_idle_again_once_its_capacity_is_gone(table: LeaseTable, lease: Lease) -> None:
    table.acquire(lease)
    stopping = table.release(lease, NOW)
    assert stopping is not None
    assert table.stopped(stopping, NOW)
    assert table.get("fit") == PoolRecord("fit", token=2)


def test_a_stale_token_may_not_declare_the_pool_stopped(table: LeaseTable, lease: Lease) -> None:
    table.acquire(lease)
    stale = table.release(lease, NOW)
    assert stale is not None
    assert table.take_over(stale, NOW) is not None
    assert not table.stopped(stale, NOW)


def test_only_one_takes_over_from_a_dead_stopper(table: LeaseTable, lease: Lease) -> None:
    table.acquire(lease)
    stopping = table.release(lease, NOW)
    assert stopping is not None
    assert [table.take_over(stopping, NOW) is not None for _ in range(2)] == [True, False]


def test_a_lease_is_given_back_once(table: LeaseTable, lease: Lease) -> None:
    table.acquire(lease)
    table.release(lease, NOW)
    assert table.release(lease, NOW) is None


def test_a_lease_that_is_not_held_cannot_be_given_back(table: LeaseTable, lease: Lease) -> None:
    assert table.release(lease, NOW) is None


def test_an_up_lease_outlives_its_process_once_capacity_is_there(table: LeaseTable, deployment: Deployment) -> None:
    lease = lease_of(deployment, Mode.UP)
    table.acquire(lease)
    record = table.up(lease)
    assert record is not None
    assert record.state is State.UP
    assert [held.detached for held in record.leases] == [True]


def test_the_first_to_start_is_noted(table: LeaseTable, lease: Lease) -> None:
    table.acquire(lease)
    assert table.starting(lease) is not None
    assert table.get("fit").state is State.STARTING


def test_the_pool_keeps_what_ends_and_prices_it(table: LeaseTable, lease: Lease) -> None:
    table.acquire(lease, Terms(HANDLE, {"c5.large": 0.085}))
    item = table.items.get("pool#fit")
    assert item is not None
    assert (item["handle"], item["prices"]) == (HANDLE, {"c5.large": 0.085})


def test_the_spec_says_what_ends_and_prices_a_pool(deployment: Deployment) -> None:
    terms = terms_of(deployment, "fit")
    assert terms.prices == {"c5.large": 0.085}
    assert terms.handle["tags"]["tideform:unit"] == "fit"


def test_a_lease_is_extended_and_never_shortened(table: LeaseTable, lease: Lease) -> None:
    table.acquire(lease)
    longer = table.extend(lease, lease.deadline + 60)
    assert longer is not None
    assert [held.deadline for held in longer.leases] == [lease.deadline + 60]
    assert table.extend(lease, lease.deadline) is None


def test_a_lease_that_is_ending_is_not_extended(table: LeaseTable, lease: Lease) -> None:
    table.acquire(lease)
    table.release(lease, NOW)
    assert table.extend(lease, lease.deadline + 60) is None


def test_a_warning_is_noted_once_and_again_after_an_extension(table: LeaseTable, lease: Lease) -> None:
    table.acquire(lease)
    pools = Pools(table.items)
    assert [pools.note("pool#fit", lease.id, "warned_time", NOW) for _ in range(2)] == [True, False]
    assert table.get("fit").leases[0].said == ("warned_time",)
    extended = table.extend(lease, lease.deadline + 60)
    assert extended is not None
    assert extended.leases[0].said == ()


def test_every_lease_that_ends_is_told_to_the_meter(table: LeaseTable, deployment: Deployment) -> None:
    first, last = lease_of(deployment), lease_of(deployment)
    table.acquire(first)
    table.acquire(last)
    table.release(first, NOW + 10)
    stopping = table.release(last, NOW + 20)
    assert stopping is not None
    table.stopped(stopping, NOW + 30)
    item = table.items.get("pool#fit")
    assert item is not None
    assert {lease: held["ended"] for lease, held in item["ended"].items()} == {
        first.id: NOW + 10,
        last.id: NOW + 30,
    }


def test_a_count_that_is_wrong_is_put_right(table: LeaseTable, lease: Lease) -> None:
    table.acquire(lease)
    table.items.update("pool#fit", "SET #c = :two", "attribute_exists(pk)", values={":two": 2}, names={"#c": "count"})
    item = table.items.get("pool#fit")
    assert item is not None
    assert Pools(table.items).recount(item) is not None
    assert table.get("fit").count == 1


def test_a_missing_table_means_that_foundation_is_not_applied(cloud: Cloud, lease: Lease) -> None:
    with pytest.raises(RefusedError) as caught:
        LeaseTable(cloud, "demo-dev-leases").acquire(lease)
    assert caught.value.diagnostics[0].code == "TD601"


@pytest.mark.parametrize("changes", [{"tokens": None}, {"fence": "x"}, {"leases": {"other": 3}}])
def test_nothing_is_launched_in_the_name_of_an_item_that_cannot_be_read(
    table: LeaseTable, lease: Lease, changes: dict[str, Any]
) -> None:
    table.acquire(lease)
    damage(table, **changes)
    with pytest.raises(RefusedError) as refused:
        table.claim(lease, NOW)
    assert refused.value.diagnostics[0].code == "TD624"


def test_nothing_is_launched_under_a_lease_without_a_token(table: LeaseTable, lease: Lease) -> None:
    table.acquire(lease)
    damage(table, tokens={})
    with pytest.raises(RefusedError) as refused:
        table.claim(lease, NOW)
    assert refused.value.diagnostics[0].code == "TD690"


def test_what_is_launched_says_no_time_beyond_the_longest_lease(table: LeaseTable, deployment: Deployment) -> None:
    lease = replace(lease_of(deployment), deadline=int(NOW) + 100 * 365 * 86_400)
    table.acquire(lease, Terms(HANDLE))
    assert table.claim(lease, NOW).deadline == lease.created + 7 * 86_400


def damage(table: LeaseTable, **changes: Any) -> None:
    """Change attributes of the pool's item past everything that writes it; None takes one away."""
    item = {**(table.items.get("pool#fit") or {}), **changes}
    table.items.write({key: value for key, value in item.items() if value is not None})


def test_a_renamed_pool_keeps_its_leases(table: LeaseTable, lease: Lease) -> None:
    table.acquire(lease)
    renamed = replace(table, made_as={"train": "fit"})
    assert [found.id for found in renamed.get("train").leases] == [lease.id]
    assert [record.pool for record in renamed.all()] == ["train"]


def test_a_service_that_does_not_answer_is_an_error_with_words(
    table: LeaseTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    monkeypatch.setattr(table.cloud.client("dynamodb"), "get_item", gone)
    with pytest.raises(CloudError):
        table.get("fit")
