"""What the reaper decides: it ends what is over and nothing else, says everything once, and asks before it kills."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tideform.components.reaper.plan import RATE_MINUTES, TIMEOUT
from tideform.pools.worst_case import LATE
from tideform.reaper.decide import (
    BETWEEN,
    NOTICE_SECONDS,
    NOTICED,
    SILENCE_SECONDS,
    WARNINGS,
    Budget,
    Held,
    abandoned,
    decide,
    over_because,
)

MONEY = st.floats(0, 1000, allow_nan=False)
TIMES = st.integers(0, 10_000)  # whole seconds, as the lease table has them
BUDGETS = st.builds(Budget, st.none() | MONEY.filter(bool), MONEY, MONEY)


@st.composite
def leases(draw: st.DrawFn) -> Held:
    created = draw(TIMES)
    return Held(
        id=draw(st.uuids()).hex,
        owner="me",
        created=created,
        deadline=created + draw(st.integers(60, 7200)),
        cap_usd=draw(st.none() | MONEY.filter(bool)),
        usd=draw(MONEY),
        hourly=draw(MONEY),
        said=draw(st.frozensets(st.sampled_from([*WARNINGS, NOTICED]))),
    )


POOLS = st.lists(leases(), max_size=8, unique_by=lambda lease: lease.id)


def within_limits(lease: Held, budget: Budget, now: float) -> bool:
    """Said once more, in other words."""
    in_time = now < lease.deadline
    soon = BETWEEN / 3600
    in_cap = lease.cap_usd is None or lease.usd + lease.hourly * soon < lease.cap_usd
    in_budget = budget.limit_usd is None or budget.usd + budget.hourly * soon < budget.limit_usd
    return in_time and in_cap and in_budget


@given(POOLS, BUDGETS, TIMES)
def test_exactly_the_leases_beyond_a_limit_are_over(pool: list[Held], budget: Budget, now: float) -> None:
    expected = {lease.id for lease in pool if not within_limits(lease, budget, now)}
    assert set(decide(pool, budget, now).over) == expected


@given(leases(), BUDGETS, TIMES, st.integers(0, 5000), MONEY, MONEY)
def test_what_is_over_stays_over(
    lease: Held, budget: Budget, now: float, later: float, more: float, others: float
) -> None:
    if over_because(lease, budget, now):
        spent = replace(lease, usd=lease.usd + more)
        assert over_because(spent, replace(budget, usd=budget.usd + others), now + later)


@given(POOLS, BUDGETS, TIMES)
def test_everything_is_said_once(pool: list[Held], budget: Budget, now: float) -> None:
    first = decide(pool, budget, now)
    said = {lease.id: set(lease.said) for lease in pool}
    for lease, what in [*first.warnings, *((lease, NOTICED) for lease in first.notices)]:
        assert what not in said[lease]
        said[lease].add(what)
    again = decide([replace(lease, said=frozenset(said[lease.id])) for lease in pool], budget, now)
    assert (list(again.warnings), list(again.notices)) == ([], [])
    assert again.over == first.over


@given(POOLS, BUDGETS, TIMES)
def test_whatever_is_over_has_been_asked_to_save_or_is_asked_now(pool: list[Held], budget: Budget, now: float) -> None:
    found = decide(pool, budget, now)
    asked = {lease.id for lease in pool if NOTICED in lease.said} | set(found.notices)
    assert set(found.over) <= asked


@given(leases(), st.integers(0, 300))
def test_a_round_of_five_minutes_meets_every_lease_in_its_notice_with_two_minutes_left(lease: Held, phase: int) -> None:
    lease = replace(lease, cap_usd=None, said=frozenset())
    rounds = [lease.deadline - NOTICE_SECONDS + phase, lease.deadline - NOTICE_SECONDS + phase + 300]
    met = next(now for now in rounds if decide([lease], Budget(), now).notices)
    assert met <= lease.deadline - 120


def test_a_lease_is_told_at_four_fifths_of_its_time_and_of_its_money() -> None:
    lease = Held("a", "me", created=0, deadline=10_000, cap_usd=10, usd=8)
    assert decide([lease], Budget(), 8000).warnings == [("a", "warned_time"), ("a", "warned_spend")]
    assert decide([replace(lease, usd=7.9)], Budget(), 7999).warnings == []


def test_everybody_is_told_at_four_fifths_of_the_months_budget() -> None:
    lease = Held("a", "me", created=0, deadline=10_000)
    assert decide([lease], Budget(100, 80), 0).warnings == [("a", "warned_budget")]


def test_the_months_budget_ends_everything() -> None:
    lease = Held("a", "me", created=0, deadline=10_000)
    assert decide([lease], Budget(100, 100), 0).over == {"a": "the month's budget of 100 USD is used up"}


def test_a_cap_that_is_nearly_reached_asks_for_a_checkpoint_in_time() -> None:
    lease = Held("a", "me", created=0, deadline=100_000, cap_usd=10, usd=9, hourly=10)
    assert decide([lease], Budget(), 0).notices == ["a"]
    assert decide([replace(lease, hourly=1)], Budget(), 0).notices == []


def test_a_silent_teardown_is_finished_by_the_reaper() -> None:
    lease = Held("a", "me", created=0, deadline=10_000)
    assert not abandoned(1000, [lease], 1000 + SILENCE_SECONDS - 1)
    assert abandoned(1000, [lease], 1000 + SILENCE_SECONDS)
    assert abandoned(9999, [lease], 10_000)


@given(st.floats(0.01, 100), st.floats(0.01, 100), st.floats(1, BETWEEN))
def test_no_cap_is_passed_between_two_rounds(cap: float, hourly: float, later: float) -> None:
    """What goes on after a round has not reached its cap by the end of the next one, if it costs no more an hour."""
    lease = Held("a", "me", 0, 1e9, cap_usd=cap, usd=cap / 2, hourly=hourly)
    if not over_because(lease, Budget(), 0):
        assert lease.usd + hourly * later / 3600 <= cap


def test_what_ends_before_its_cap_says_why() -> None:
    lease = Held("a", "me", 0, 1e9, cap_usd=1.0, usd=0.9, hourly=2.0)
    assert over_because(lease, Budget(), 0) == "its spend cap of 1 USD would be passed before the next look"


def test_the_times_that_are_announced_cover_the_reapers_own() -> None:
    assert RATE_MINUTES * 60 + TIMEOUT == BETWEEN
    assert BETWEEN <= LATE
