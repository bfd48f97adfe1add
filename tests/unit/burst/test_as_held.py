"""Pools that the spec has elsewhere than the lease table, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.burst.conftest import NOW, lease_of
from tideform.burst.as_held import as_held, held_apart, moves
from tideform.burst.lease import Lease, PoolRecord
from tideform.burst.table import LeaseTable
from tideform.burst.terms import terms_of
from tideform.errors import RefusedError
from tideform.pools.worst_case import most_of
from tideform.reaper.pools import same_place
from tideform.spec.deployment import Deployment
from tideform.spec.project import Cluster
from tideform.spec.quantities import Count
from tideform.spec.training import Pool

SAGEMAKER = {"backend": "sagemaker", "instance_types": ("ml.m5.large",)}


def with_pools(deployment: Deployment, **pools: Pool) -> Deployment:
    return replace(deployment, spec=deployment.spec.model_copy(update={"training": pools}))


@pytest.fixture
def elsewhere(deployment: Deployment) -> Deployment:
    """The same pool on another backend."""
    pool = deployment.spec.training["fit"]
    return with_pools(deployment, fit=pool.model_copy(update=SAGEMAKER))


@pytest.fixture
def held(table: LeaseTable, lease: Lease, deployment: Deployment) -> PoolRecord:
    return table.acquire(lease, terms_of(deployment, "fit"))


def idle(table: LeaseTable, lease: Lease) -> PoolRecord:
    stopping = table.release(lease, NOW)
    assert stopping is not None
    assert table.stopped(stopping, NOW)
    return table.get("fit")


def test_a_burst_of_another_backend_leaves_the_handle_by_which_capacity_is_found(
    table: LeaseTable, held: PoolRecord, elsewhere: Deployment
) -> None:
    with pytest.raises(RefusedError) as refused:
        table.acquire(lease_of(elsewhere), terms_of(elsewhere, "fit"))
    assert refused.value.diagnostics[0].code == "TD621"
    assert table.get("fit").handle == held.handle


def test_an_idle_pool_keeps_its_handle_until_somebody_has_seen_that_nothing_is_there(
    table: LeaseTable, lease: Lease, held: PoolRecord, elsewhere: Deployment
) -> None:
    record, other = idle(table, lease), terms_of(elsewhere, "fit")
    with pytest.raises(RefusedError):
        table.acquire(lease_of(elsewhere), other)
    assert table.forget_place(record)
    assert table.acquire(lease_of(elsewhere), other).handle == other.handle


def test_a_handle_is_not_forgotten_once_somebody_holds_the_pool(
    table: LeaseTable, lease: Lease, held: PoolRecord, deployment: Deployment
) -> None:
    before = idle(table, lease)
    table.acquire(lease_of(deployment), terms_of(deployment, "fit"))
    assert not table.forget_place(before)


def test_another_cluster_is_another_place(table: LeaseTable, lease: Lease, deployment: Deployment) -> None:
    names = dict.fromkeys(("namespace", "node_pool", "queue"), "fit")
    handle = {"backend": "eks", "cluster": "", "context": "one", "tags": {"tideform:unit": "fit"}, **names}
    terms = terms_of(deployment, "fit")
    table.acquire(lease, replace(terms, handle=handle))
    with pytest.raises(RefusedError):
        table.acquire(lease_of(deployment), replace(terms, handle={**handle, "context": "two"}))


def test_what_is_held_and_would_move_is_an_error(held: PoolRecord, elsewhere: Deployment) -> None:
    assert [found.code for found in held_apart(elsewhere, [held])] == ["TD621"]


def test_what_is_held_and_would_go_is_an_error(held: PoolRecord, deployment: Deployment) -> None:
    assert [found.code for found in held_apart(with_pools(deployment), [held])] == ["TD622"]


@pytest.mark.parametrize("goes", [True, False])
def test_who_holds_it_is_told_with_how_to_end_ones_own_and_everybodys(
    held: PoolRecord, deployment: Deployment, elsewhere: Deployment, goes: bool
) -> None:
    (found,) = held_apart(with_pools(deployment) if goes else elsewhere, [held])
    assert f"held by {held.leases[0].owner}" in found.detail
    assert "`tideform burst down fit` ends your bursts of it, with --all everybody's" in found.fix


def test_what_stays_where_it_is_is_none(held: PoolRecord, deployment: Deployment) -> None:
    assert list(held_apart(deployment, [held])) == []


def test_an_idle_pool_may_move_and_go(
    table: LeaseTable, lease: Lease, held: PoolRecord, deployment: Deployment, elsewhere: Deployment
) -> None:
    record = idle(table, lease)
    assert list(held_apart(elsewhere, [record])) == []
    assert list(held_apart(with_pools(deployment), [record])) == []
    assert moves(elsewhere, record)
    assert not moves(deployment, record)


def test_a_pool_is_looked_at_where_the_table_has_it(
    held: PoolRecord, deployment: Deployment, elsewhere: Deployment
) -> None:
    for spec in (elsewhere, with_pools(deployment)):
        pool = as_held(spec, held).spec.training["fit"]
        assert (pool.backend, pool.instance_types) == ("batch", ("c5.large",))
        assert same_place(terms_of(as_held(spec, held), "fit").handle, held.handle)


DEARER = {"instance_types": ("p4d.24xlarge",), "nodes": Count(1, 3)}


def edited(deployment: Deployment, **words: object) -> Deployment:
    return with_pools(deployment, fit=deployment.spec.training["fit"].model_copy(update=words))


def test_what_is_held_costs_what_was_brought_and_not_what_an_edited_spec_says(
    held: PoolRecord, deployment: Deployment
) -> None:
    pool, found = "fit", as_held(edited(deployment, **DEARER), held)
    assert terms_of(found, pool).prices == held.prices
    assert str(most_of(found.spec.training[pool])).startswith("3 x c5.large")


def test_what_is_held_has_not_what_its_machines_cannot_have(held: PoolRecord, deployment: Deployment) -> None:
    found = as_held(edited(deployment, interconnect="efa", **DEARER), held)
    assert terms_of(found, "fit").prices == held.prices


def test_an_idle_pool_has_the_machines_that_the_spec_says(
    table: LeaseTable, lease: Lease, held: PoolRecord, deployment: Deployment
) -> None:
    wanted = edited(deployment, **DEARER)
    assert as_held(wanted, idle(table, lease)) is wanted


def test_a_pool_whose_prices_are_gone_is_looked_at_all_the_same(held: PoolRecord, deployment: Deployment) -> None:
    found = as_held(with_pools(deployment), replace(held, prices={}))
    assert same_place(terms_of(found, "fit").handle, held.handle)


@pytest.mark.parametrize("context", ["", "theirs"], ids=["one of ours", "an existing one"])
def test_a_pool_of_a_cluster_is_looked_for_where_it_was(
    context: str, table: LeaseTable, lease: Lease, deployment: Deployment
) -> None:
    """The spec names another cluster by now."""
    names = dict.fromkeys(("namespace", "node_pool", "queue"), "fit")
    handle = {"backend": "eks", "cluster": "", "context": context, "tags": {"tideform:unit": "fit"}, **names}
    record = table.acquire(lease, replace(terms_of(deployment, "fit"), handle=handle))
    moved = deployment.spec.model_copy(update={"training": {}, "cluster": Cluster(existing="another")})
    held = as_held(replace(deployment, spec=moved), record)
    assert held.spec.cluster is not None
    assert held.spec.cluster.existing == (context or None)
