"""What the questions of an inventory share: where to ask, what counts as ours, what an answer looks like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tideform.prices.book import Book, book

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment

Tags = Mapping[str, str]


@dataclass(frozen=True, order=True)
class Leftover:
    """One thing that is there. ``hourly_usd`` is its standing price at list, None where there is none or it is unknown.

    ``kept`` marks what stays on purpose (a key that waits for its deletion), ``ours`` is false for what has a name as
    we give them and not our tags. Neither is a leftover then.
    """

    service: str
    kind: str
    id: str
    name: str = ""
    hourly_usd: float | None = None
    note: str = ""
    kept: bool = False
    ours: bool = True


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
    def unit_made_as(self) -> str | None:
        """The unit's name in its names and tags: a unit that was renamed keeps those it was made with."""
        if self.unit is None:
            return None
        section = "serving" if self.unit in self.deployment.spec.serving else "training"
        return self.deployment.identity(section, self.unit)

    @property
    def prices(self) -> Book:
        """The price book."""
        return book()

    def claim(self, found: Leftover, name: str, tags: Tags | Callable[[], Tags]) -> Iterator[Leftover]:
        """What was found, if it carries our tags; marked as not ours if it has only our name; else nothing.

        Tags that cost a call are given as a call, and asked for only where the name is one of ours. What another
        deployment made under its own name is nothing here: names of ``prod-eu`` begin like those of ``prod``.
        """
        if callable(tags):
            tags = tags() if self._named(name) else {}
        if self._owner(tags) == (self.deployment.spec.project, self.deployment.environment):
            if self.unit is None or tags.get("tideform:unit") == self.unit_made_as:
                yield found
        elif self._named(name) and not self._is_named_by_owner(name, tags):
            yield replace(found, hourly_usd=None, ours=False)

    def endpoints(self) -> set[str]:
        """The names of the endpoints here: what AWS makes for them carries no tags."""
        names = [self.unit] if self.unit is not None else [*self.deployment.spec.serving]
        return {self.deployment.physical_name(self.deployment.identity("serving", name)) for name in names}

    def _is_named_by_owner(self, name: str, tags: Tags) -> bool:
        """Whether the name is what another deployment, the one in the tags, gives its things."""
        theirs = "{}-{}-".format(*self._owner(tags))
        return theirs != self.prefix and name.startswith(theirs)

    def _owner(self, tags: Tags) -> tuple[str | None, str | None]:
        return tags.get("tideform:project"), tags.get("tideform:environment")

    def _named(self, name: str) -> bool:
        """Whether the name is one that we might have given."""
        return _continues(name, self.deployment.name if self.unit is None else f"{self.prefix}{self.unit_made_as}")

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
    return pairs(found.get(key) or ())


def pairs(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The same from the list alone."""
    return {tag["Key"]: tag["Value"] for tag in tags}
