"""Whatever stands in the lease table, reading it raises nothing, and what can be read is what was written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tideform.reaper.ledger import accounts_of
from tideform.reaper.legible import heartbeat, illegible
from tideform.reaper.meter import Account, Hold
from tideform.reaper.reading import Unreadable, read, reapable

NOW = 1_800_000_000.0
PROCESS = {"pid": 7, "host": "here", "boot": "b", "namespace": "n", "started": 3}
LEASE = {
    "owner": "ann",
    "process": PROCESS,
    "mode": "run",
    "created": int(NOW),
    "deadline": int(NOW) + 3600,
    "cap_usd": "3",
    "hourly_usd": None,
    "detached": False,
}
HANDLE = {"backend": "batch", "job_queue": "fit", "tags": {"tideform:unit": "fit"}}
ITEM = {
    "pk": "pool#fit",
    "state": "up",
    "count": 1,
    "token": 1,
    "leases": {"one": LEASE},
    "tokens": {"one": 1},
    "ended": {},
    "handle": HANDLE,
    "prices": {"c5.large": 0.085},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=8,
)


def with_lease(**changes: Any) -> dict[str, Any]:
    return {**ITEM, "leases": {"one": {**LEASE, **changes}}}


def without(item: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != key}


def test_an_item_as_it_is_written_is_read_as_it_is() -> None:
    assert read(ITEM, NOW) == ITEM


@pytest.mark.parametrize("key", ["state", "count", "token", "leases", "tokens", "ended"])
def test_one_without_an_attribute_is_unreadable_and_says_which(key: str) -> None:
    found = read(without(ITEM, key), NOW)
    assert isinstance(found, Unreadable)
    assert found.why == f"it has no {key}"


@pytest.mark.parametrize("key", sorted(ITEM.keys() - {"pk"}))
@pytest.mark.parametrize("value", [[], "what?", True], ids=["list", "text", "bool"])
def test_one_with_an_attribute_of_another_type_is_unreadable(key: str, value: object) -> None:
    assert isinstance(read({**ITEM, key: value}, NOW), Unreadable)


@pytest.mark.parametrize("key", sorted(LEASE))
def test_a_lease_without_an_attribute_makes_its_item_unreadable(key: str) -> None:
    found = read({**ITEM, "leases": {"one": without(LEASE, key)}}, NOW)
    assert isinstance(found, Unreadable) == (key != "hourly_usd")


@pytest.mark.parametrize("change", [{"deadline": "1"}, {"created": "1"}, {"cap_usd": "much"}, {"owner": 7}])
def test_a_lease_with_a_text_for_a_number_makes_its_item_unreadable(change: dict[str, Any]) -> None:
    assert isinstance(read(with_lease(**change), NOW), Unreadable)


@pytest.mark.parametrize(("backend", "days"), [("batch", 7), ("ec2", 2)])
def test_no_lease_is_longer_than_the_longest_of_its_backend(backend: str, days: int) -> None:
    names = dict.fromkeys(("group", "hook", "schedule", "comment"), "fit")
    handle = {**HANDLE, "backend": backend, **names}
    found = read({**with_lease(deadline=10**17), "handle": handle}, NOW)
    assert not isinstance(found, Unreadable)
    assert found["leases"]["one"]["deadline"] == int(NOW) + days * 86_400


def test_a_lease_of_1970_is_long_over() -> None:
    found = read(with_lease(created=0), NOW)
    assert not isinstance(found, Unreadable)
    assert found["leases"]["one"]["deadline"] < NOW


def test_a_lease_out_of_the_future_is_none() -> None:
    assert isinstance(read(with_lease(created=int(NOW) + 10**6), NOW), Unreadable)


def test_a_teardown_by_nobody_is_unreadable() -> None:
    assert isinstance(read({**ITEM, "state": "stopping"}, NOW), Unreadable)
    assert not isinstance(read({**ITEM, "state": "stopping", "stopper": PROCESS, "stopping_since": 1}, NOW), Unreadable)


@pytest.mark.parametrize(
    "handle",
    [{"backend": "abacus"}, {"backend": "batch"}, without(HANDLE, "tags"), without(HANDLE, "job_queue")],
)
def test_a_handle_that_leads_nowhere_makes_its_item_unreadable(handle: dict[str, Any]) -> None:
    assert isinstance(read({**ITEM, "handle": handle}, NOW), Unreadable)


def test_who_holds_a_pool_has_to_say_how_it_ends() -> None:
    assert isinstance(reapable({**ITEM, "handle": {}}, NOW), Unreadable)
    assert not isinstance(reapable({**ITEM, "handle": {}, "state": "idle", "count": 0, "leases": {}}, NOW), Unreadable)


@given(st.dictionaries(st.sampled_from(sorted(ITEM)), JSON), st.sampled_from([read, reapable]))
def test_nothing_in_an_item_raises(changes: dict[str, Any], reader: Callable[..., object]) -> None:
    reader({**ITEM, **changes}, NOW)


@given(st.dictionaries(st.sampled_from(sorted(LEASE)), JSON))
def test_nothing_in_a_lease_raises(changes: dict[str, Any]) -> None:
    read(with_lease(**changes), NOW)


ACCOUNT = Account(at=NOW, version=3, usd=1.5, leases={"one": Hold("ann", NOW)}, months={"2027-01": 1.5})


def test_an_account_reads_back() -> None:
    item = ACCOUNT.as_item("meter#fit")
    assert Account.of(item) == ACCOUNT
    assert illegible(item) == []


@given(st.dictionaries(st.sampled_from(sorted(Account.__dataclass_fields__)), JSON))
def test_nothing_in_an_account_raises_and_what_is_lost_is_told(changes: dict[str, Any]) -> None:
    item = {**ACCOUNT.as_item("meter#fit"), **changes}
    found = accounts_of([item])["fit"].as_item("meter#fit")
    assert {key for key in changes if found[key] != item[key]} <= set(illegible(item))


@given(JSON, JSON, JSON)
def test_nothing_in_a_heartbeat_raises(at: object, failures: object, used_up: object) -> None:
    found = heartbeat({"pk": "reaper", "at": at, "failures": failures, "used_up": used_up})
    assert found is not None
    assert isinstance(found["at"], int | float)
