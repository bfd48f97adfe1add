"""What the questions of an inventory share: where to ask, what counts as ours, what an answer looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tideform.cloud import Cloud
from tideform.prices.book import Book, book
from tideform.spec.deployment import Deployment


@dataclass(frozen=True, order=True)
class Leftover:
    """One thing that is there. ``hourly_usd`` is its standing price at list, None where there is none or it is unknown.

    ``kept`` marks what stays on purpose (a key that waits for its deletion); it is no leftover then.
    """

    service: str
    kind: str
    id: str
    name: str = ""
    hourly_usd: float | None = None
    note: str = ""
    kept: bool = False


@dataclass(frozen=True)
class Place:
    """Where an inventory looks: one project and environment, or one of its units (a pool, an endpoint) alone."""

    cloud: Cloud
    deployment: Deployment
    unit: str | None = None

    @property
    def prefix(self) -> str:
        """What the names of everything of ours begin with."""
        return f"{self.deployment.name}-"

    @property
    def prices(self) -> Book:
        """The price book."""
        return book()

    def ours(self, name: str = "", tags: Mapping[str, str] | None = None) -> bool:
        """Whether something belongs here: by its tags if it has ours, else by its name."""
        tags = tags or {}
        if "tideform:project" not in tags:
            return self._named(name)
        spec = self.deployment.spec
        project = (tags["tideform:project"], tags.get("tideform:environment"))
        is_ours = project == (spec.project, self.deployment.environment)
        return is_ours and self.unit in (None, tags.get("tideform:unit"))

    def _named(self, name: str) -> bool:
        """A unit's names are its own and what continues it, but not those of a unit that is called alike."""
        if self.unit is None:
            return name.startswith(self.prefix)
        units = [*self.deployment.spec.training, *self.deployment.spec.serving]
        longer = [unit for unit in units if unit.startswith(f"{self.unit}-")]
        return _continues(name, self.prefix + self.unit) and not any(
            _continues(name, self.prefix + unit) for unit in longer
        )

    def pages(self, service: str, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        """Every element under ``key`` of a paginated operation."""
        for page in self.cloud.client(service).get_paginator(operation).paginate(**arguments):
            yield from page.get(key) or ()


Find = Callable[[Place], Iterable[Leftover]]


@dataclass(frozen=True)
class Area:
    """One question to one service; ``what`` names it where the service refuses to answer."""

    what: str
    find: Find


def _continues(name: str, start: str) -> bool:
    return name == start or name.startswith(f"{start}-")


def tags_of(found: Mapping[str, Any], key: str = "Tags") -> dict[str, str]:
    """Tags as a mapping, from the list of keys and values that most services give."""
    return {tag["Key"]: tag["Value"] for tag in found.get(key) or ()}
