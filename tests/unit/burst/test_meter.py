"""What a burst says that it has cost."""

from __future__ import annotations

import pytest

from tests.unit.burst.conftest import NOW
from tideform.burst.lease import Lease
from tideform.burst.meter import Meter
from tideform.burst.table import LeaseTable, Terms
from tideform.burst.terms import terms_of
from tideform.reaper.base import Node
from tideform.reaper.ledger import Ledger
from tideform.reaper.prices import SpotPrices
from tideform.spec.deployment import Deployment


@pytest.fixture
def terms(deployment: Deployment) -> Terms:
    return terms_of(deployment, "fit")


def meter(table: LeaseTable, lease: Lease, terms: Terms, *nodes: Node) -> Meter:
    """Of a lease that has the pool, at its second look: an hour after the machines came."""
    table.acquire(lease, terms)
    made = Meter(table, Ledger(table.items, SpotPrices(table.cloud)), lease, terms, lambda: nodes)
    made.look(NOW + 3600)
    return made


def node(kind: str, *, ended: float | None = None) -> Node:
    state = "running" if ended is None else "terminated"
    return Node(f"i-{kind}", kind, state, spot=False, launched=NOW if ended is None else ended - 60, ended=ended)


def test_a_machine_without_a_price_makes_it_a_least_sum(table: LeaseTable, lease: Lease, terms: Terms) -> None:
    told = meter(table, lease, terms, node("c5.large"), node("x9.huge"))
    assert told.words().startswith("at least 0.08 USD (7200 instance-seconds of c5.large, x9.huge;")
    assert told.words().endswith("no price is known for x9.huge")


def test_what_an_earlier_burst_had_is_no_part_of_it(table: LeaseTable, lease: Lease, terms: Terms) -> None:
    before = node("x9.huge", ended=NOW - 9000)  # EC2 may tell of it for long
    told = meter(table, lease, terms, node("c5.large"), before)
    assert told.words().startswith("about 0.08 USD (3600 instance-seconds of c5.large;")
    assert told.unpriced == ()
