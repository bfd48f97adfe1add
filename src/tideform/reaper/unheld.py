"""Capacity that nobody holds: found by tag, whatever the table says, and told apart by what it says of itself.

Three kinds. A *stray* names a lease that holds nothing: its burst is over, or was never to begin, and it ends at once.
Machines *by hand* carry the pool's tags and name no lease: somebody put them there, or took tags away, maybe all
(`members`), so they are told first and end after a grace. A *source* (a group, an environment, a queue) that asks for
machines while nobody holds the pool is closed, or it would bring the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol, cast

from tideform.reaper import instances, members
from tideform.reaper.base import Clients, Handle, Node
from tideform.reaper.claims import EXPIRES, LEASE, token_of
from tideform.reaper.items import Item
from tideform.reaper.ledger import pool_of
from tideform.reaper.parts import has, having, part
from tideform.reaper.sources import ENVIRONMENT, LAYER, PROJECT, UNIT, Place, Source, filters, places
from tideform.reaper.states import IDLE

# What only the pool's own group, environment or node pool gives to a machine.
_MEMBER = (members.GROUP, members.ENVIRONMENT, "AWSBatchServiceTag", "karpenter.sh/nodepool")
_STATES = ["pending", "running", "stopping", "stopped"]


class Strays(Protocol):
    """The part ``strays`` of a backend whose machines are no instances of the account, and found by their jobs.

    ``SERVICE`` names what it asks; ``TYPES`` is how the types of its machines begin.
    """

    SERVICE: str
    TYPES: str

    def sources(self, clients: Clients, handle: Handle) -> list[Source]:
        """The pool's jobs, and what waits for its next one at a price: each as something that can be closed."""
        ...

    def machines(self, clients: Clients, handle: Handle) -> list[Node]:
        """Machines of jobs that bear the pool's name and not its tags."""
        ...

    def end(self, clients: Clients, node: Node) -> None:
        """End one of these machines, with the job that it is of."""
        ...


Guarded = Callable[[str, Callable[[], object]], object]  # does a part of the work, named by the service that is asked


@dataclass
class Sight:
    """What stands of one pool, and what asks for more."""

    machines: list[Node] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    def over(self, now: float) -> bool:
        """Whether it tells by itself, without the table, that nobody holds the pool: every claim on it is past.

        Claims are those of its machines, of what brings them, and of the jobs that wait for some.
        """
        claims = [tags for tags in self._said() if EXPIRES in tags]
        return bool(claims) and all(past(tags, now) for tags in claims)

    def _said(self) -> Iterator[Mapping[str, str]]:
        yield from (node.tags for node in self.machines)
        for source in self.sources:
            yield source.tags
            yield from source.jobs()


@dataclass(frozen=True)
class Unheld:
    """What of it nobody holds."""

    strays: list[Node]
    by_hand: list[Node]
    sources: list[Source]

    def __bool__(self) -> bool:
        return bool(self.strays or self.by_hand or self.sources)


def look(
    clients: Clients, project: str, environment: str, handles: Iterable[Handle], guarded: Guarded
) -> dict[str, Sight]:
    """Everything of the project and environment that costs money or may bring some, by the pool in its tags.

    ``handles`` say which backends are asked. A machine whose tags were taken off is known by what has launched it, and
    that, should it have lost its own, by the handles.
    Each service is asked under ``guarded``, by itself: what one refuses takes nothing from what others have told.
    """
    found: dict[str, Sight] = {}
    own, known = {PROJECT: project, ENVIRONMENT: environment}, list(handles)
    guarded("EC2", lambda: _look_by_tags(clients, own, found))
    for backend, sources in places():
        if there := [one for one in known if one.get("backend") == backend]:
            guarded(sources.SERVICE, partial(_look_in, clients, partial(sources.look, clients, own, there), found))
    return found


def _look_by_tags(clients: Clients, own: Mapping[str, str], found: dict[str, Sight]) -> None:
    asked = [*filters(own), {"Name": "instance-state-name", "Values": _STATES}]
    for node in map(instances.node_of, instances.described(clients, asked)):
        if node.tags.get(LAYER, "training") == "training" and (pool := node.tags.get(UNIT)):
            _add(found.setdefault(pool, Sight()), node)


def _look_in(clients: Clients, look_there: Callable[[], Place], found: dict[str, Sight]) -> None:
    place = look_there()
    for pool, source in place.sources:
        found.setdefault(pool, Sight()).sources.append(source)
    for node in place.members(clients, place.pools):
        pool = place.pools[members.launcher(node.tags, place.pools)]
        _add(found.setdefault(pool, Sight()), node)


def _add(sight: Sight, node: Node) -> None:
    if all(other.id != node.id for other in sight.machines):
        sight.machines.append(node)


def look_for_jobs(
    clients: Clients,
    pools: Iterable[Item],
    planned: Mapping[str, Handle],
    found: dict[str, Sight],
    guarded: Guarded,
) -> None:
    """Add the training jobs and warm machines of pools that nobody holds to what was ``found``: they are no instances.

    ``planned`` are the handles of the spec's pools: by those is looked where an item, or the table, is gone.
    """
    known = {pool_of(item["pk"]): item for item in pools}
    handles = {pool: item.get("handle") or {} for pool, item in known.items() if quiet(item)}
    handles |= {pool: handle for pool, handle in planned.items() if pool not in known}
    for pool, handle in handles.items():
        if has(str(handle.get("backend", "")), "strays"):
            strays = _strays_of(handle["backend"])
            guarded(f"{strays.SERVICE}, {pool}", partial(_look_for_jobs_of, strays, clients, pool, handle, found))


def _look_for_jobs_of(strays: Strays, clients: Clients, pool: str, handle: Handle, found: dict[str, Sight]) -> None:
    sight = found.setdefault(pool, Sight())
    sight.sources.extend(strays.sources(clients, handle))
    sight.machines.extend(strays.machines(clients, handle))


def all_strays() -> Iterator[Strays]:
    """The part ``strays`` of each backend that has it."""
    return map(_strays_of, having("strays"))


def _strays_of(backend: str) -> Strays:
    return cast(Strays, part(backend, "strays"))


def quiet(item: Item | None) -> bool:
    """Whether nobody holds the pool, and nobody is taking it down."""
    return not item or (not item.get("leases") and item.get("state", IDLE) == IDLE)


def judged(sight: Sight, item: Item | None) -> Unheld:
    """What of it nobody holds; ``item`` is the pool's, read after ``sight``: a lease is written before its machines."""
    rest = quiet(item)
    return Unheld(
        strays=[node for node in sight.machines if is_stray(node.tags, item)],
        by_hand=[node for node in sight.machines if is_by_hand(node.tags, item)],
        sources=sight.sources if rest else [],
    )


def is_stray(tags: Mapping[str, str], item: Item | None) -> bool:
    """Whether a machine names a lease, and that one holds nothing.

    While others hold the pool, a machine that was launched since the last teardown is theirs as well: leases share it.
    """
    if not (LEASE in tags or EXPIRES in tags):
        return False
    if item is None or quiet(item):
        return True
    return tags.get(LEASE) not in item["leases"] and 0 < token_of(tags) <= int(item.get("fence") or 0)


def is_by_hand(tags: Mapping[str, str], item: Item | None) -> bool:
    """Whether a machine names no lease, and is none that the pool's own group or environment has launched for one."""
    named = LEASE in tags or EXPIRES in tags
    return not named and (quiet(item) or not any(key in tags for key in _MEMBER))


def past(tags: Mapping[str, str], now: float) -> bool:
    """Whether a machine says that its time is over; one that says a time that nobody can read is past it."""
    if EXPIRES not in tags:
        return False
    try:
        return datetime.fromisoformat(tags[EXPIRES]).timestamp() <= now
    except ValueError:
        return True
