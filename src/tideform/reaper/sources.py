"""What brings a pool's machines, such as groups of Auto Scaling: the part ``sources`` of the backends that have some.

Found by their tags and by the pools' handles, so that one which lost its tags is closed as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from tideform.reaper.base import Clients, Handle, Node
from tideform.reaper.parts import having, part

PROJECT, ENVIRONMENT, LAYER, UNIT = (f"tideform:{key}" for key in ("project", "environment", "layer", "unit"))


@dataclass(frozen=True)
class Source:
    """What would bring machines; ``close`` takes one step towards none. ``stuck``: it takes none now.

    ``tags`` are those of its machines: in whose name it would bring them, where it says so. ``jobs`` asks for those of
    the jobs that it would bring them for.
    """

    name: str
    close: Callable[[], object]
    stuck: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    jobs: Callable[[], Iterable[Mapping[str, str]]] = tuple


@dataclass(frozen=True)
class Place:
    """What launches on one backend: which pool each is of, what of it asks for machines, and how members are found."""

    pools: Mapping[str, str]
    sources: list[tuple[str, Source]]
    members: Callable[[Clients, Iterable[str]], list[Node]]


class Sources(Protocol):
    """The part ``sources`` of a backend: ``SERVICE`` names what it asks, in what is told of failures."""

    SERVICE: str

    def look(self, clients: Clients, own: Mapping[str, str], handles: Sequence[Handle]) -> Place:
        """What launches for the project and environment whose tags are ``own``, by its tags and by the handles."""
        ...


def places() -> Iterator[tuple[str, Sources]]:
    """The backends whose machines something of theirs brings."""
    return ((backend, cast(Sources, part(backend, "sources"))) for backend in having("sources"))


def unit_of(found: Mapping[str, Any], own: Mapping[str, str]) -> str | None:
    """The pool in the tags of something of ours; None: it is somebody else's."""
    tags = found.get("tags") or {}
    return str(tags.get(UNIT, "")) if own.items() <= tags.items() else None


def pool_of(handle: Handle) -> str:
    """The pool in the tags of a handle; empty where it has none."""
    return str(handle.get("tags", {}).get(UNIT, ""))


def filters(own: Mapping[str, str]) -> list[dict[str, Any]]:
    """What EC2 and Auto Scaling are asked by: these tags."""
    return [{"Name": f"tag:{key}", "Values": [value]} for key, value in own.items()]
