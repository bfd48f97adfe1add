"""What a burst has cost so far, by watching its instances: an estimate at on-demand list price, and an upper one.

Spot costs less; disks, data transfer and a service's own fees cost more. The bill is the account's, not ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from tideform.burst.halt import Limit, limit_reached, now_and_then
from tideform.burst.runner import Instance
from tideform.prices.book import Book

_CENT = Decimal("0.01")


@dataclass
class Meter:
    """Instance-seconds of one burst, counted from when the burst began or the instance came, whichever is later."""

    book: Book
    began: float
    _seen: dict[str, tuple[str, float, float]] = field(default_factory=dict, init=False)

    def observe(self, instances: Iterable[Instance], now: float) -> None:
        """Note which instances are there; what is seen no more stopped counting when it was last seen."""
        for instance in instances:
            start = max(self.began, instance.launched)
            self._seen[instance.id] = (instance.type, start, max(start, now))

    @property
    def instance_seconds(self) -> float:
        """All instances together."""
        return sum(end - start for _, start, end in self._seen.values())

    @property
    def usd(self) -> Decimal:
        """At on-demand list price; types that the book does not know count nothing (`unpriced` names them)."""
        return sum((self._price(kind, end - start) for kind, start, end in self._seen.values()), Decimal(0))

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Instance types without a price."""
        return tuple(sorted({kind for kind, _, _ in self._seen.values()} - set(self.book.instances)))

    def words(self) -> str:
        """One line for people."""
        types = ", ".join(sorted({kind for kind, _, _ in self._seen.values()})) or "no instance was seen"
        line = f"{shown(self.usd)} ({self.instance_seconds:.0f} instance-seconds of {types}, at on-demand"
        line += f" list price of {self.book.date}; disks and data transfer not counted)"
        return line + (f"; no price is known for {', '.join(self.unpriced)}" if self.unpriced else "")

    def _price(self, kind: str, seconds: float) -> Decimal:
        known = self.book.instances.get(kind)
        return Decimal(str((known.on_demand_usd if known else 0.0) * seconds / 3600))


def spending_limit(
    meter: Meter, cap: Decimal | None, look: Callable[[], Iterable[Instance]], clock: Callable[[], float]
) -> Limit:
    """A limit for `Halt`: looks at the instances now and then, and raises `RefusedError` TD607 at the cap."""

    def limit() -> None:
        meter.observe(look(), clock())
        if cap is not None and meter.usd >= cap:
            raise limit_reached(f"its spend cap of {cap} USD is used up")

    return now_and_then(limit, clock)


def shown(usd: Decimal) -> str:
    """Money as people read it: never a false zero."""
    return "less than 0.01 USD" if 0 < usd < _CENT else f"about {usd.quantize(_CENT)} USD"
