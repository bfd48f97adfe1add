"""The name of what a burst runs, made and taken apart in one place."""

from __future__ import annotations

import pytest

from tideform.reaper.job_name import after_pool, job_name, lease_of, may_be_lease, new_lease_id, part_of

LEASE = "0123456789ab"


@pytest.mark.parametrize("pool", ["fit", "fit-2", "a-0123456789ab"])
@pytest.mark.parametrize("part", ["", "-3"])
def test_a_name_is_taken_apart_as_it_was_made(pool: str, part: str) -> None:
    name = job_name(pool, LEASE, part)
    assert (part_of(name, LEASE), lease_of(name)) == (f"{pool}{part}", LEASE)


def test_a_new_lease_can_be_told_from_the_pool_before_it() -> None:
    lease = new_lease_id()
    assert (lease_of(job_name("fit-2", lease)), may_be_lease(lease)) == (lease, True)


@pytest.mark.parametrize(("name", "after"), [("fit-01", "01"), ("fit-", ""), ("fit", None), ("fitter-01", None)])
def test_what_is_after_a_pool_is_told_of_its_own_names_alone(name: str, after: str | None) -> None:
    assert after_pool(name, "fit") == after


@pytest.mark.parametrize(
    ("text", "least", "may"),
    [("", 0, True), ("012", 4, False), ("0123", 4, True), (LEASE + "c", 0, False), ("xyz", 0, False)],
)
def test_what_may_begin_a_lease(text: str, least: int, may: bool) -> None:
    assert may_be_lease(text, least) == may
