"""What is over and why, who is warned, and when a job is asked to save its work. Pure.

A job is asked before its end, never at it: the notice comes while there is time for one more round of the reaper, so
that work is killed at the deadline and nothing runs ten minutes after it. Money is ended before it is spent: what would
pass its cap, or the month's budget, before the next round is over ends in this one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WARN_AT = 0.8  # of the time, of the cap, of the month's budget
BETWEEN = 540.0  # from one round's look to the next one's end at the latest: five minutes, and four that it may take
NOTICE_SECONDS = 420.0  # before the end: one round of five minutes, and the two that a spot notice gives
SILENCE_SECONDS = 600.0  # after which a teardown that nobody finished is finished


@dataclass(frozen=True)
class Held:
    """One lease as the reaper sees it; times in seconds since the epoch, ``hourly`` its share in USD an hour."""

    id: str
    owner: str
    created: float
    deadline: float
    cap_usd: float | None = None
    usd: float = 0.0
    hourly: float = 0.0
    said: frozenset[str] = frozenset()  # of `WARNINGS` and "noticed"

    def by(self, seconds: float) -> float:
        """USD by then, if it goes on as it does."""
        return self.usd + self.hourly * seconds / 3600


WARNINGS = ("warned_time", "warned_spend", "warned_budget")
NOTICED = "noticed"


@dataclass(frozen=True)
class Budget:
    """The project's month: what it may cost (None: no hard stop), what it has, and what all pools cost an hour now."""

    limit_usd: float | None = None
    usd: float = 0.0
    hourly: float = 0.0

    @property
    def used_up(self) -> bool:
        """Whether it is, or will be before the next look."""
        return self.limit_usd is not None and self.by(BETWEEN) >= self.limit_usd

    def by(self, seconds: float) -> float:
        """USD by then, if all goes on as it does."""
        return self.usd + self.hourly * seconds / 3600

    @property
    def why(self) -> str:
        """Why nothing may run any more; empty while there is some of it left."""
        return f"the month's budget of {self.limit_usd:g} USD is used up" if self.used_up else ""

    @property
    def nearly(self) -> bool:
        return self.limit_usd is not None and self.usd >= WARN_AT * self.limit_usd


@dataclass(frozen=True)
class Decision:
    """``over`` are leases to end and why, ``warnings`` pairs of a lease and one of `WARNINGS`, ``notices`` leases whose
    jobs are asked to save."""

    over: Mapping[str, str]
    warnings: Sequence[tuple[str, str]]
    notices: Sequence[str]


def decide(leases: Sequence[Held], budget: Budget, now: float) -> Decision:
    """For the leases of one pool."""
    over = {lease.id: why for lease in leases if (why := over_because(lease, budget, now))}
    return Decision(
        over=over,
        warnings=[
            (lease.id, what)
            for lease in leases
            for what in _due(lease, budget, now)
            if what not in lease.said and lease.id not in over
        ],
        notices=[lease.id for lease in leases if NOTICED not in lease.said and _ends_soon(lease, budget, now)],
    )


def over_because(lease: Held, budget: Budget, now: float) -> str:
    """Why the lease is over; empty while it is within all its limits."""
    if now >= lease.deadline:
        return "its lease has run out"
    if lease.cap_usd is not None and lease.usd >= lease.cap_usd:
        return f"its spend cap of {lease.cap_usd:g} USD is used up"
    if lease.cap_usd is not None and lease.by(BETWEEN) >= lease.cap_usd:
        return f"its spend cap of {lease.cap_usd:g} USD would be passed before the next look"
    return budget.why


def abandoned(stopping_since: float, leases: Sequence[Held], now: float) -> bool:
    """Whether somebody else's teardown is to be finished: it has been silent for long, or a lease has run out."""
    return now - stopping_since >= SILENCE_SECONDS or any(now >= lease.deadline for lease in leases)


def _due(lease: Held, budget: Budget, now: float) -> list[str]:
    length = lease.deadline - lease.created
    due = {
        "warned_time": now >= lease.created + WARN_AT * length,
        "warned_spend": lease.cap_usd is not None and lease.usd >= WARN_AT * lease.cap_usd,
        "warned_budget": budget.nearly,
    }
    return [what for what in WARNINGS if due[what]]


def _ends_soon(lease: Held, budget: Budget, now: float) -> bool:
    """Whether it is over by the end of the notice, if it goes on as it does."""
    soon = BETWEEN + NOTICE_SECONDS
    return (
        now + NOTICE_SECONDS >= lease.deadline
        or (lease.cap_usd is not None and lease.by(soon) >= lease.cap_usd)
        or (budget.limit_usd is not None and budget.by(soon) >= budget.limit_usd)
    )
