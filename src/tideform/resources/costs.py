"""What a resource costs: nothing, by use, by the hour at a price of the book, or only while a burst runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tideform.prices.book import book

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment

NOT_IN_THE_BOOK: Final = "not in the price book"


@dataclass(frozen=True)
class Price:
    """One thing to pay for: USD an hour, None where that is not known or depends on use.

    ``missing`` marks what is paid for by the hour and has no price.
    """

    item: str
    hourly: float | None
    note: str = ""
    missing: bool = False


@dataclass(frozen=True)
class Planned:
    """A resource as it will be: its inputs, the deployment, and the unit that it belongs to, if to any."""

    inputs: Mapping[str, Any]
    deployment: Deployment
    unit: str


Prices = Callable[[Planned], Iterator[Price]]


@dataclass(frozen=True)
class Cost:
    """``during_bursts`` marks capacity, which is paid for only then: what bursts cost is reckoned from the spec."""

    prices: Prices
    during_bursts: bool = False


def by_use(item: str, note: str = "priced by use") -> Cost:
    """There is no price by the hour."""
    return Cost(lambda _: iter([Price(item, None, note)]))


def service(key: str, item: str) -> Cost:
    """The standing price of something that is no instance."""
    return Cost(lambda _: iter([Price(item, book().services[key].hourly)]))


FREE: Final = Cost(lambda _: iter(()))  # what it leads to is priced where that is made
DURING_BURSTS: Final = Cost(lambda _: iter(()), during_bursts=True)
