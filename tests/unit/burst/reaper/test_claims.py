"""In whose name capacity is launched, and when that name no longer counts."""

from __future__ import annotations

from typing import Any

import pytest

from tideform.reaper.claims import Claim, claim, lost, token_of

NOW = 1_800_000_000.0


def item(**changes: Any) -> dict[str, Any]:
    leases = {"a": {"deadline": NOW + 60}, "b": {"deadline": NOW + 600}}
    return {"state": "up", "leases": leases, "tokens": {"a": 4, "b": 5}, "token": 5, "fence": 3, **changes}


def test_what_is_launched_says_its_lease_its_token_and_the_pools_latest_end() -> None:
    assert claim(item(), "a").tags == {
        "tideform:lease": "a",
        "tideform:token": "4",
        "tideform:expires": "2027-01-15T08:10:00Z",
    }


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (None, "its lease has been ended"),
        (item(leases={}), "its lease has been ended"),
        (item(state="stopping"), "its pool is being taken down"),
        (item(leases={"a": {"deadline": NOW}}), "its lease has run out"),
        (item(), ""),
    ],
)
def test_nothing_is_launched_without_a_lease_that_holds(found: dict[str, Any] | None, why: str) -> None:
    assert lost(found, "a", NOW) == why


def test_a_burst_that_still_holds_the_pool_keeps_its_name_on_what_launches() -> None:
    other = {"tideform:lease": "b", "tideform:token": "5", "Name": "fit"}
    assert Claim("a", 6, int(NOW), fence=3).over(other) == other


@pytest.mark.parametrize("token", ["3", "", "none"])
def test_the_name_of_a_burst_that_is_over_is_replaced(token: str) -> None:
    found = Claim("a", 4, int(NOW), fence=3).over({"tideform:lease": "old", "tideform:token": token, "Name": "fit"})
    assert (found["tideform:lease"], found["tideform:token"], found["Name"]) == ("a", "4", "fit")


@pytest.mark.parametrize(("written", "token"), [("12", 12), ("-1", 0), ("x", 0), ("²", 0), ("", 0)])
def test_a_token_that_cannot_be_read_is_none(written: str, token: int) -> None:
    assert token_of({"tideform:token": written}) == token
