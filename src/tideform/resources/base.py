"""One type of resource, and whatever any part of the program asks of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tideform.resources.actions import Actions
from tideform.resources.costs import Cost
from tideform.resources.identity import Identify
from tideform.resources.inventory import Area, Tags
from tideform.resources.ownership import Ours, by_tags

if TYPE_CHECKING:
    from tideform.cloud import Cloud

# What happens to a resource, in the plan's words (`tideform.model.planned.Action`).
UPDATED: Final = frozenset({"update"})
GONE: Final = frozenset({"replace", "delete"})


@dataclass(frozen=True)
class Note:
    """What a reader of the plan should know of an action before saying yes."""

    actions: frozenset[str]
    text: str


@dataclass(frozen=True)
class Taken:
    """How it is told whose something is that stands under the name in the input ``name``, where no state knows of it.

    ``tags`` are None where nothing of that name stands, and services say so by an error as well.
    """

    name: str
    tags: Callable[[Cloud, str], Tags | None]


@dataclass(frozen=True)
class PartOf:
    """Not asked for by itself: it goes with its ``parent``, a type that is."""

    parent: str


@dataclass(frozen=True)
class ResourceType:
    """``token`` is Pulumi's name of the type, ``terraform`` the resource of the vendor's provider that it bridges.

    **Found** after a crash by ``identify``: every id under which it would stand, by its inputs or by asking. Such an id
    is one only among those with the same value of the input ``within``; the outputs ``read_by`` hold it as well, where
    the vendor's provider reads by those; ``unread`` are inputs that the service never gives back.

    **Owned** by ``ours``, from its wanted inputs and live outputs; ``marked`` where something other than tags says it.
    An **inventory** asks for it by an `Area`, in the receipt of a unit as well if it is ``in_units``; a `PartOf` goes
    with its parent.

    ``taken`` is asked before one is made: of tables, buckets and roles, of which every layer but monitoring has one,
    and of what AWS writes over without a word where the name is the same.

    Inputs ``moved_by_bursts`` are changed through the service's own API. ``ground`` says of a type why an environment
    stands on it: such a one goes with the environment as a whole, and never in an apply.
    """

    token: str
    terraform: str
    identify: Identify
    cost: Cost
    inventory: Area | PartOf
    actions: Actions
    within: str | None = None
    read_by: tuple[str, ...] = ()
    unread: frozenset[str] = frozenset()
    ours: Ours = by_tags
    marked: bool = False
    in_units: bool = False
    taken: Taken | None = None
    moved_by_bursts: tuple[str, ...] = ()
    ground: str = ""
    notes: tuple[Note, ...] = ()
