"""What a pool can hold at most, what a burst of it can cost at most, and at least until its first checkpoint.

The one place where this is reckoned: plan, validation, bursts, their extension and the budget ask here. Pure arithmetic
on the spec and the price book. All prices are on-demand: a spot pool may fall back to it, and a cap that only holds
while spot is cheap is no cap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tideform.errors import TideformError
from tideform.pools.purchase import purchases
from tideform.pools.shape import PoolShape, shape_of
from tideform.prices.book import InstanceType
from tideform.registry.training import backends
from tideform.spec.deployment import Deployment
from tideform.spec.quantities import Duration, Money
from tideform.spec.training import Pool
from tideform.words import counted

LATE = 600  # seconds within which a terminal brake has acted: the reaper looks every five minutes, and takes up to four
_LEAST_BILLED = 60  # seconds; https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/concepts.html#pricing-and-billing


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
class Most:
    """The dearest machines that a pool can hold at once: its bound in ``fleets``, and what ``beyond`` it may come.

    ``why`` says whose doing the latter is.
    """

    fleets: tuple[Fleet, ...]
    beyond: Fleet | None = None
    why: str = ""

    @property
    def hourly(self) -> float:
        """USD an hour of all of them."""
        return sum(fleet.hourly for fleet in (*self.fleets, *([self.beyond] if self.beyond else [])))

    @property
    def count(self) -> int:
        """How many machines that is."""
        return sum(fleet.count for fleet in self.fleets) + (self.beyond.count if self.beyond else 0)

    def __str__(self) -> str:
        bound = " and ".join(map(str, self.fleets))
        return bound if self.beyond is None else f"{bound}, and {self.beyond} more ({self.why})"


@dataclass(frozen=True)
class WorstCase:
    """The dearest burst that a pool allows: all that it can hold for all of its lease, and until the last brake acts.

    ``kept`` are seconds that machines may stay, and cost, after their last job.
    """

    most: Most
    lease: Duration
    cap: Money | None
    kept: int = 0

    @property
    def usd(self) -> float:
        """The whole burst in USD, without the cap."""
        return self.most.hourly * (self.lease.seconds + self.kept + LATE) / 3600

    @property
    def late_usd(self) -> float:
        """USD that may be spent between the moment at which a brake is due and the one at which it has acted."""
        return self.most.hourly * LATE / 3600

    @property
    def capped_usd(self) -> float:
        """As `usd`, with the pool's ``max_cost`` and what may be spent before somebody sees that it is reached."""
        return self.usd if self.cap is None else min(self.usd, float(self.cap.usd) + self.late_usd)

    @property
    def cut(self) -> bool:
        """Whether the cap ends a burst at the pool's bound before its lease does."""
        whole = sum(fleet.hourly for fleet in self.most.fleets) * self.lease.seconds / 3600
        return self.cap is not None and float(self.cap.usd) < whole

    def __str__(self) -> str:
        text = f"up to {self.most} = {usd_words(self.most.hourly)} an hour"
        late = f"the {LATE // 60} minutes in which a brake acts"
        kept = f", {counted(int(self.kept // 60), 'minute')} of warm machines" if self.kept else ""
        bill = f"at worst {usd_words(self.usd)} for a lease of {self.lease.words}{kept} and {late}"
        capped = f", capped at {self.cap}: {usd_words(self.capped_usd)} with {late}" if self.cut else ""
        return f"{text}, {bill}{capped}"


def worst_case(pool: str, deployment: Deployment) -> WorstCase | None:
    """The dearest burst of a pool; None where the book does not know its instance types."""
    return worst_of(deployment.spec.training[pool])


def worst_of(pool: Pool) -> WorstCase | None:
    """The same for a pool as one burst wants it."""
    found = most_of(pool)
    kept = pool.keep_alive.seconds if pool.keep_alive is not None else 0
    return None if found is None else WorstCase(found, pool.lease, pool.max_cost, kept)


def worst_case_text(deployment: Deployment, pool: str) -> str:
    """`worst_case` as words for a plan, also where it is not known."""
    found = worst_case(pool, deployment)
    return "the price book does not know its instance types" if found is None else str(found)


def most_of(pool: Pool) -> Most | None:
    """The dearest machines that the pool can hold at once, on its backend; None where its words name none.

    Where the backend says nothing else, machines are counted.
    """
    shape = _shape(pool)
    if shape is None:
        return None
    backend = backends().get(pool.backend)
    own = backend.most(pool, shape) if backend is not None else None
    return own or Most((Fleet(dearest_of(shape), shape.nodes),))


def dearest_of(shape: PoolShape) -> InstanceType:
    """The type that costs most, on demand."""
    return max(shape.types, key=lambda kind: kind.on_demand_usd)


def first_checkpoint(pool: Pool) -> Decimal | None:
    """USD that the smallest capacity costs until the first checkpoint; None without checkpoints or prices."""
    if pool.checkpoint is None or (hourly := _least_hourly(pool)) is None:
        return None
    return hourly * Decimal(pool.checkpoint.every.seconds) / 3600


def least_billed(pool: Pool) -> tuple[float, str] | None:
    """USD of the shortest burst that there can be, and of what: a machine is billed for a minute, however short it was.

    By the cheapest way of buying. None without prices, and where a block is paid for up front.
    """
    kinds = {way.kind for way in purchases(pool)}
    if "block" in kinds:
        return None
    found = [
        (_price(fleet.kind, kind) * fleet.count * _LEAST_BILLED / 3600, f"{fleet} ({kind})")
        for fleet in _smallest(pool)
        for kind in sorted(kinds)
    ]
    return min(found, default=None)


def _price(kind: InstanceType, way: str) -> float:
    return kind.spot_usd or kind.on_demand_usd if way == "spot" else kind.on_demand_usd


def usd_words(amount: float) -> str:
    """With cents, or as many digits as a small amount needs."""
    return f"{amount:,.2f} USD" if amount >= 0.1 else f"{amount:.2g} USD"


def _least_hourly(pool: Pool) -> Decimal | None:
    found = [Decimal(str(fleet.hourly)) for fleet in _smallest(pool)]
    return min(found) if found else None


def _smallest(pool: Pool) -> list[Fleet]:
    """The smallest capacity that the pool's job begins on, in each of the types that it may be made of."""
    shape = _shape(pool)
    return [] if shape is None else [Fleet(kind, _fewest(pool, kind)) for kind in shape.types]


def _fewest(pool: Pool, kind: InstanceType) -> int:
    if pool.accelerator is not None:
        least = -(-pool.accelerator.count.minimum // kind.accelerators)
    else:
        least = 1 if pool.nodes is None else pool.nodes.minimum
    return max(least, pool.job.nodes)  # its nodes begin together or not at all


def filled(types: Sequence[InstanceType], vcpus: int) -> tuple[Fleet, ...]:
    """The dearest that so many vCPUs can be: as many as fit of one type, and in what is left the dearest first."""
    dearest = sorted(types, key=lambda kind: -kind.on_demand_usd / kind.vcpus)
    found: tuple[Fleet, ...] = ()
    for first in types:
        fleets, left = list[Fleet](), vcpus
        for kind in (first, *dearest):
            if count := left // kind.vcpus:
                fleets.append(Fleet(kind, count))
                left -= count * kind.vcpus
        found = max(found, tuple(fleets), key=lambda some: sum(fleet.hourly for fleet in some))
    return found


def _shape(pool: Pool) -> PoolShape | None:
    try:
        return shape_of(pool)
    except TideformError:  # no such capacity: validation says so, and nothing can be reckoned
        return None
