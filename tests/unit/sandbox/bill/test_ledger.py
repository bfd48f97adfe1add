from __future__ import annotations

import pytest

from tideform_sandbox.bill.ledger import Entry, Ledger
from tideform_sandbox.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(base=lambda: 0.0)


def _start(
    ledger: Ledger, clock: Clock, name: str, hourly: float | None = 2.0, *, pool: str = "a", count: int = 1
) -> None:
    entry = Entry(name, "ec2", "g5.xlarge", "us-east-1a", False, clock.now(), hourly, count)
    ledger.start(entry, lambda: {"tideform:unit": pool})


def test_a_machine_costs_from_its_start_to_its_end(clock: Clock) -> None:
    ledger = Ledger(clock)
    _start(ledger, clock, "i-1")
    clock.advance(1800)
    ledger.end("i-1")
    clock.advance(9000)
    assert ledger.bill()["total"] == pytest.approx(1.0)


def test_a_machine_of_ec2_costs_a_minute_at_least(clock: Clock) -> None:
    ledger = Ledger(clock)
    _start(ledger, clock, "i-1")
    clock.advance(3)
    ledger.end("i-1")
    assert ledger.bill()["total"] == pytest.approx(2.0 / 60)


def test_a_training_job_costs_whole_seconds_and_on_spot_fewer_of_them(clock: Clock) -> None:
    ledger = Ledger(clock)
    entry = Entry("job/1", "sagemaker", "ml.g5.xlarge", "us-east-1", True, clock.now(), 3600.0, count=2, share=0.35)
    ledger.start(entry, dict)
    clock.advance(3.5)
    ledger.end("job/1")
    assert ledger.bill()["total"] == pytest.approx(2 * 2)  # two machines, 1.225 s of each


def test_a_machine_that_runs_costs_up_to_now(clock: Clock) -> None:
    ledger = Ledger(clock)
    _start(ledger, clock, "i-1")
    clock.advance(7200)
    assert ledger.bill()["total"] == pytest.approx(4.0)


def test_several_machines_of_one_entry_all_cost(clock: Clock) -> None:
    ledger = Ledger(clock)
    _start(ledger, clock, "job", count=3)
    clock.advance(3600)
    assert ledger.bill()["total"] == pytest.approx(6.0)


def test_pools_are_told_apart_by_their_tag(clock: Clock) -> None:
    ledger = Ledger(clock)
    _start(ledger, clock, "i-1", pool="a")
    _start(ledger, clock, "i-2", 1.0, pool="b")
    clock.advance(3600)
    assert ledger.bill()["pools"] == {"a": pytest.approx(2.0), "b": pytest.approx(1.0)}


def test_a_machine_that_was_stopped_costs_for_each_stretch(clock: Clock) -> None:
    ledger = Ledger(clock)
    for _ in range(2):
        _start(ledger, clock, "i-1")
        clock.advance(3600)
        ledger.end("i-1")
        clock.advance(3600)
    assert ledger.bill()["total"] == pytest.approx(4.0)


def test_ending_twice_changes_nothing(clock: Clock) -> None:
    ledger = Ledger(clock)
    _start(ledger, clock, "i-1")
    clock.advance(3600)
    ledger.end("i-1")
    clock.advance(3600)
    ledger.end("i-1")
    assert ledger.bill()["total"] == pytest.approx(2.0)


def test_a_machine_without_a_known_price_is_on_the_bill_all_the_same(clock: Clock) -> None:
    ledger = Ledger(clock)
    _start(ledger, clock, "i-1", None)
    clock.advance(3600)
    bill = ledger.bill()
    assert bill["total"] == 0
    assert bill["machines"][0]["hourly"] is None
    assert bill["machines"][0]["seconds"] == 3600
