"""What a burst of a pool can cost at most, and what it costs at least until its first checkpoint.

Pure arithmetic on the spec and the price book. All prices are on-demand: a spot pool may fall back to it,
and a cap that only holds while spot is cheap is no cap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tideform.components.pool_shape import shape_of
from tideform.errors import TideformError
from tideform.prices.book import InstanceType
from tideform.spec.deployment import Deployment
from tideform.spec.quantities import Duration, Money
from tideform.spec.training import Pool


@dataclass(frozen=True)
class Fleet:
    """So many instances of one type."""

    kind: InstanceType
    count: int

    @property
    def hourly(self) -> float:
        """USD an hour."""
        return self.kind.on_demand_usd * self.count

    def __str__(self) -> str:
        return f"{self.count} x {self.kind.name}"


@dataclass(frozen=True)
class WorstCase:
    """The dearest burst that a pool allows: all of its capacity for all of its lease."""

    fleet: Fleet
    lease: Duration
    cap: Money | None

    @property
    def usd(self) -> float:
        """The whole burst in USD, without the cap: a brake may act minutes late, and this is what it acts on."""
        return self.fleet.hourly * self.lease.seconds / 3600

    @property
    def capped_usd(self) -> float:
        """As `usd`, but no more than the pool's ``max_cost``."""
        return self.usd if self.cap is None else min(self.usd, float(self.cap.usd))

    def __str__(self) -> str:
        text = f"up to {self.fleet} = {_usd(self.fleet.hourly)} an hour"
        bill = f"at worst {_usd(self.usd)} for a lease of {self.lease}"
        capped = f", capped at {self.cap}" if self.cap is not None and float(self.cap.usd) < self.usd else ""
        return f"{text}, {bill}{capped}"


def worst_case(pool: str, deployment: Deployment) -> WorstCase | None:
    """The dearest burst of a pool; None where the book does not know its instance types."""
    spec = deployment.spec.training[pool]
    fleets = list(_fleets(spec, largest=True))
    if not fleets:
        return None
    return WorstCase(max(fleets, key=lambda f: f.hourly), spec.lease, spec.max_cost)


def worst_case_text(deployment: Deployment, pool: str) -> str:
    """`worst_case` as words for a plan, also where it is not known."""
    found = worst_case(pool, deployment)
    return "the price book does not know its instance types" if found is None else str(found)


def first_checkpoint(pool: Pool) -> Decimal | None:
    """USD that the smallest capacity costs until the first checkpoint; None without checkpoints or prices."""
    fleets = list(_fleets(pool, largest=False))
    if pool.checkpoint is None or not fleets:
        return None
    hours = Decimal(pool.checkpoint.every.seconds) / 3600
    return min(Decimal(str(f.hourly)) for f in fleets) * hours


def _fleets(pool: Pool, *, largest: bool) -> Iterator[Fleet]:
    """The pool's capacity in each of the types that it may be made of, at its largest or its smallest."""
    try:
        shape = shape_of(pool)
    except TideformError:  # no such capacity: validation says so, and nothing can be reckoned
        return
    for kind in shape.types:
        most = max(1, shape.max_vcpus // kind.vcpus)
        yield Fleet(kind, most if largest else min(most, _fewest(pool, kind)))


def _fewest(pool: Pool, kind: InstanceType) -> int:
    if pool.accelerator is not None:
        return -(-pool.accelerator.count.minimum // kind.accelerators)
    return 1 if pool.nodes is None else pool.nodes.minimum


def _usd(amount: float) -> str:
    """With cents, or as many digits as a small amount needs."""
    return f"{amount:,.2f} USD" if amount >= 1 else f"{amount:.2g} USD"
