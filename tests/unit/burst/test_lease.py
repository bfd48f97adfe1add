"""Leases by themselves: their bounds, and when nobody will end them any more."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.unit.burst.conftest import NOW
from tideform.burst.lease import Lease


def test_a_lease_is_bounded_by_the_spec(lease: Lease) -> None:
    assert (lease.deadline - lease.created, lease.cap_usd) == (3600, Decimal(3))


def test_a_live_process_ends_its_own_burst(lease: Lease) -> None:
    assert lease.orphaned(NOW) == ""


def test_a_lease_past_its_deadline_is_an_orphan(lease: Lease) -> None:
    assert "run out" in lease.orphaned(NOW + 3600)


def test_a_lease_of_a_dead_process_is_an_orphan(lease: Lease) -> None:
    dead = replace(lease, process=replace(lease.process, started=lease.process.started + 1))
    assert "is gone" in dead.orphaned(NOW)


def test_a_detached_lease_needs_no_process(lease: Lease) -> None:
    dead = replace(lease.process, boot="an earlier boot")
    assert replace(lease, process=dead, detached=True).orphaned(NOW) == ""


def test_a_process_of_another_host_is_not_known_to_be_dead(lease: Lease) -> None:
    elsewhere = replace(lease.process, host="elsewhere", boot="other", pid=1)
    assert replace(lease, process=elsewhere).orphaned(NOW) == ""


def test_rest_is_never_negative(lease: Lease) -> None:
    assert (lease.rest(NOW + 60), lease.rest(NOW + 9999)) == (3540, 0)
