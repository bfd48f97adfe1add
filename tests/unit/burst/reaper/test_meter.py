"""The meter against a simulated fleet: whoever looks whenever, the sums are the true ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tideform.reaper.base import Node
from tideform.reaper.items import plain, typed
from tideform.reaper.meter import Account, Hold, count

START = datetime(2026, 11, 30, 22, 0, tzinfo=UTC).timestamp()  # a month ends while it runs
GRAIN = 50  # seconds: everything begins and ends at a multiple of it, so that the truth is soon reckoned
PRICES = {"c5.large": 0.085, "g5.xlarge": 1.006}


@dataclass(frozen=True)
class Machine:
    """A machine's true life, in seconds since `START`."""

    id: str
    type: str
    launched: int
    ended: int

    def seen(self, now: float) -> list[Node]:
        """What EC2 tells of it now."""
        if now < self.launched or now > self.ended + 3600:
            return []
        gone = now >= self.ended
        state, end = ("terminated", START + self.ended) if gone else ("running", None)
        return [Node(self.id, self.type, state, spot=False, launched=START + self.launched, ended=end)]


@dataclass(frozen=True)
class Held:
    """A lease's true time."""

    id: str
    owner: str
    created: int
    ended: int


@dataclass(frozen=True)
class History:
    """What happened, and when somebody looked."""

    machines: tuple[Machine, ...]
    leases: tuple[Held, ...]
    looks: tuple[int, ...]

    def account(self) -> Account:
        """What the meter makes of it."""
        account = Account()
        for now in self.looks:
            live = {lease.id: _record(lease) for lease in self.leases if lease.created <= now < lease.ended}
            ended = {lease.id: _record(lease) for lease in self.leases if lease.ended <= now}
            nodes = [node for machine in self.machines for node in machine.seen(now)]
            account = look(account, nodes, live, ended, START + now)
        return account

    def true_usd(self) -> float:
        return sum(PRICES[m.type] * (m.ended - m.launched) / 3600 for m in self.machines)

    def true_shares(self) -> dict[str, float]:
        """Grain by grain: the machines that run, split over who holds the pool, or held it last."""
        shares = {lease.id: 0.0 for lease in self.leases}
        for second in range(0, max(m.ended for m in self.machines), GRAIN):
            usd = sum(PRICES[m.type] for m in self.machines if m.launched <= second < m.ended) * GRAIN / 3600
            for lease in self._holders(second) if usd else ():
                shares[lease] += usd / len(self._holders(second))
        return shares

    def _holders(self, second: int) -> list[str]:
        found = [lease.id for lease in self.leases if lease.created <= second < lease.ended]
        return found or [max((lease.ended, lease.id) for lease in self.leases if lease.ended <= second)[1]]


def _record(lease: Held) -> dict[str, Any]:
    return {"owner": lease.owner, "created": START + lease.created, "ended": START + lease.ended}


def look(
    account: Account, nodes: Sequence[Node], live: Mapping[str, Any], ended: Mapping[str, Any], now: float
) -> Account:
    """One tick, through what the table makes of it."""
    after = count(account, nodes, live, ended, lambda node: PRICES.get(node.type), now)
    return Account.of(plain(typed(after.as_item("meter#fit"))))


def _grains(number: int) -> int:
    return number * GRAIN


@st.composite
def histories(draw: st.DrawFn) -> History:
    spans = st.tuples(st.integers(0, 180).map(_grains), st.integers(1, 80).map(_grains))
    machines = tuple(
        Machine(f"i-{place}", draw(st.sampled_from(sorted(PRICES))), begin, begin + length)
        for place, (begin, length) in enumerate(draw(st.lists(spans, min_size=1, max_size=6)))
    )
    leases = (
        Held("first", "ann", 0, _grains(draw(st.integers(1, 80)))),  # no capacity without a lease before it
        *(
            Held(f"l-{place}", draw(st.sampled_from(["ann", "bob"])), begin, begin + length)
            for place, (begin, length) in enumerate(draw(st.lists(spans, max_size=4)))
        ),
    )
    end = max(*(m.ended for m in machines), *(lease.ended for lease in leases))
    looks, now = [], 0
    while now <= end:
        now += draw(st.integers(1, 3500))
        looks.append(now)
    return History(machines, leases, tuple(looks))


@given(histories())
@settings(max_examples=60)
def test_the_sum_is_the_true_one_whenever_somebody_looked(history: History) -> None:
    assert history.account().usd == pytest.approx(history.true_usd(), rel=1e-9)


@given(histories())
@settings(max_examples=30)
def test_each_leases_share_is_the_true_one(history: History) -> None:
    account = history.account()
    found = {lease: hold.usd for lease, hold in account.leases.items()}
    assert found == pytest.approx(history.true_shares(), rel=1e-6, abs=1e-9)


@given(histories())
@settings(max_examples=30)
def test_months_and_owners_add_up_to_the_whole(history: History) -> None:
    account = history.account()
    assert sum(account.months.values()) == pytest.approx(account.usd)
    assert sum(usd for each in account.owners.values() for usd in each.values()) == pytest.approx(account.usd)


@given(histories(), st.integers(0, 1000))
@settings(max_examples=30)
def test_looking_again_at_the_same_moment_changes_no_sum(history: History, again: int) -> None:
    twice = History(history.machines, history.leases, tuple(now for now in history.looks for _ in range(2)))
    assert twice.account().usd == pytest.approx(history.account().usd)


def test_a_month_is_cut_where_it_ends() -> None:
    lease = Held("l", "ann", 0, 3 * 3600)
    history = History((Machine("i", "c5.large", 0, 3 * 3600),), (lease,), (3 * 3600,))
    assert history.account().months == pytest.approx({"2026-11": 0.17, "2026-12": 0.085})


def test_a_machine_that_ended_at_a_time_nobody_told_counts_until_it_was_found_gone() -> None:
    running = Node("i", "c5.large", "running", spot=False, launched=START)
    gone = Node("i", "c5.large", "terminated", spot=False, launched=START)
    live = {"l": {"owner": "ann", "created": START}}
    account = look(Account(), [running], live, {}, START + 1800)
    for now in (3600, 5400):
        account = look(account, [gone], live, {}, START + now)
    assert account.usd == pytest.approx(0.085)


def test_what_turns_out_to_be_billed_shorter_is_given_back() -> None:
    live = {"l": {"owner": "ann", "created": START}}
    ran = Node("job", "c5.large", "Training", spot=True, launched=START)
    account = look(Account(), [ran], live, {}, START + 3600)
    billed = Node("job", "c5.large", "Completed", spot=True, launched=START + 2700, ended=START + 3600)
    account = look(account, [billed], live, {}, START + 3700)
    assert (account.usd, account.leases["l"].seconds) == pytest.approx((0.085 / 4, 900))


def test_a_machine_that_is_taken_and_given_again_counts_without_the_gap() -> None:
    live = {"l": {"owner": "ann", "created": START}}
    seen = [
        (Node("job", "c5.large", "Training", spot=True, launched=START), 600),
        (Node("job", "c5.large", "Interrupted", spot=True, launched=START, ended=START + 600), 900),
        (Node("job", "c5.large", "Training", spot=True, launched=START + 1200), 2400),
    ]
    account = Account()
    for node, now in seen:
        account = look(account, [node], live, {}, START + now)
    assert account.leases["l"].seconds == pytest.approx(1200)


@pytest.mark.parametrize("looks", [(3,), (5, 30, 90), (1, 3, 59, 61, 300)])
def test_a_machine_that_lived_for_seconds_is_billed_its_least_once_to_whom_it_was_for(looks: Sequence[int]) -> None:
    ann = {"l": {"owner": "ann", "created": START}}
    account = look(Account(), [], ann, {}, START)
    for now in looks:
        gone = now >= 3
        state, ended = ("terminated", START + 3) if gone else ("running", None)
        node = Node("i", "c5.large", state, spot=False, launched=START, ended=ended, least=60)
        live, over = ({}, {"l": {**ann["l"], "ended": START + 3}}) if gone else (ann, {})
        account = look(account, [node], live, over, START + now)
    assert account.leases["l"].usd == account.usd == pytest.approx(0.085 / 60)


def test_what_ended_since_the_last_look_counts_however_long_ago_that_was() -> None:
    live = {"l": {"owner": "ann", "created": START}}
    account = look(Account(), [], live, {}, START)
    job = Node("job", "c5.large", "terminated", spot=False, launched=START + 60, ended=START + 3660)
    for now in (5 * 3600, 5 * 3600 + 300, 9 * 3600):
        account = look(account, [job], live, {}, START + now)
    assert account.usd == pytest.approx(0.085)


def test_a_machine_without_a_price_is_named_to_whom_it_was_counted() -> None:
    node = Node("i", "x9.huge", "running", spot=False, launched=START, lease="a")
    live = {"a": {"owner": "ann", "created": START}, "b": {"owner": "bob", "created": START}}
    account = look(Account(), [node], live, {}, START + 60)
    assert (account.counted("a"), account.missing("a")) == (("x9.huge",), ("x9.huge",))
    assert (account.counted("b"), account.missing("b")) == ((), ())
    assert account.missing("a", "b") == ("x9.huge",)


def _price_of(kind: str, node: Node) -> float | None:
    return PRICES[kind] if node.type == kind else None


def three_bursts_on_two_types() -> Account:
    """One after the other: each knows the price of its own type alone, and EC2 still tells of those before."""
    account, seen, over = Account(), list[Node](), dict[str, Any]()
    for place, kind in enumerate(["c5.large", "g5.xlarge", "c5.large"]):
        begin = START + 600 * place
        lease, held = f"l-{place}", {"owner": "ann", "created": begin}
        price = partial(_price_of, kind)
        running = Node(f"i-{place}", kind, "running", spot=False, launched=begin)
        account = count(account, [*seen, running], {lease: held}, over, price, begin + 60)
        seen.append(Node(f"i-{place}", kind, "terminated", spot=False, launched=begin, ended=begin + 300))
        over[lease] = {**held, "ended": begin + 300}
        account = count(account, seen, {}, over, price, begin + 310)
    return account


def test_a_type_that_another_burst_has_no_price_of_spoils_no_bursts_sum() -> None:
    account = three_bursts_on_two_types()
    assert [account.missing(lease) for lease in account.leases] == [(), (), ()]
    assert [account.counted(lease) for lease in account.leases] == [("c5.large",), ("g5.xlarge",), ("c5.large",)]


def test_of_a_lease_that_an_older_version_counted_it_is_not_known_what_has_no_price() -> None:
    holds = {"old": Hold("ann", START, START + 60, usd=0.1, seconds=60), "waited": Hold("ann", START, START + 60)}
    account = Account(leases=holds, types=["c5.large", "x9.huge"], unpriced=["x9.huge"])
    assert (account.counted("old"), account.missing("old")) == (("c5.large", "x9.huge"), ("x9.huge",))
    assert (account.counted("waited"), account.missing("waited")) == ((), ())


def test_what_it_costs_now_is_split_between_those_who_hold_it() -> None:
    node = Node("i", "c5.large", "running", spot=False, launched=START)
    live = {name: {"owner": name, "created": START} for name in ("ann", "bob")}
    account = look(Account(), [node], live, {}, START + 60)
    assert account.rate("ann") == pytest.approx(0.0425)


def test_a_lease_that_vanished_without_a_word_holds_no_longer() -> None:
    node = Node("i", "c5.large", "running", spot=False, launched=START)
    account = look(Account(), [node], {"l": {"owner": "ann", "created": START}}, {}, START + 60)
    assert look(account, [node], {}, {}, START + 120).holders() == []


def test_the_item_stays_far_below_what_a_table_takes_after_thousands_of_leases() -> None:
    account = Account()
    for hour in range(60):
        now = START + 3600 * hour
        leases = [Held(f"{hour:06}{place:06}", "somebody@a-long-host-name", 0, 1) for place in range(100)]
        records = {one.id: {"owner": one.owner, "created": now - 900, "ended": now - 60} for one in leases}
        nodes = [
            Node(f"i-{hour:08}{n:08}", "c5.large", "terminated", spot=False, launched=now - 800, ended=now - 60)
            for n in range(50)
        ]
        account = count(account, nodes, {}, records, lambda _: 0.1, now)
    assert len(repr(typed(account.as_item("meter#fit")))) < 150_000
    assert account.usd == pytest.approx(60 * 50 * 740 / 3600 * 0.1)


def test_a_machine_of_one_lease_alone_is_charged_to_that_one() -> None:
    live = {"runs": {"owner": "ann", "created": START}, "waits": {"owner": "bob", "created": START}}
    node = Node("job#0", "c5.large", "running", spot=False, launched=START, lease="runs")
    account = look(Account(), [node], live, {}, START + 3600)
    assert {lease: hold.usd for lease, hold in account.leases.items()} == pytest.approx({"runs": 0.085, "waits": 0.0})
    assert (account.rate("runs"), account.rate("waits")) == pytest.approx((0.085, 0.0))


def test_a_machine_of_a_lease_that_nobody_knows_is_shared() -> None:
    live = {"a": {"owner": "ann", "created": START}, "b": {"owner": "bob", "created": START}}
    node = Node("job#0", "c5.large", "running", spot=False, launched=START, lease="gone")
    account = look(Account(), [node], live, {}, START + 3600)
    assert [hold.usd for hold in account.leases.values()] == pytest.approx([0.0425, 0.0425])
