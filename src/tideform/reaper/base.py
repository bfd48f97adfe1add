"""The words that the reaper and the command line share: what a pool's end has to know, and what it holds.

Nothing in this package imports anything of tideform's outside it, and nothing but the standard library and boto3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Handle = Mapping[str, Any]


class Clients(Protocol):
    """Where boto3 clients come from."""

    def client(self, service: str) -> Any:
        """The client of one service."""
        ...


@dataclass(frozen=True)
class Node:
    """One machine that costs money. Times are seconds since the epoch; ``ended`` is when it ceased to cost, if it did.

    One that is terminated and has no ``ended`` went at a time that nobody told. ``least`` is how many seconds are
    billed of the shortest life.
    ``reservation`` is the capacity reservation that it uses up, if it does; ``paid``: one that was paid for up front.
    ``type`` is what it is priced by (``g5.xlarge``, ``ml.g5.xlarge``); ``zone`` is empty where there is none. ``tags``
    are those of an instance of EC2, and ``cpus`` its vCPUs: 0 where nobody tells. ``lease`` is whose alone it is; empty
    where all that hold the pool share it.
    """

    id: str
    type: str
    state: str
    spot: bool
    launched: float
    ended: float | None = None
    zone: str = ""
    reservation: str = ""
    paid: bool = False
    least: float = 0.0
    cpus: int = 0
    tags: Mapping[str, str] = field(default_factory=dict, compare=False)
    lease: str = ""


class Ending(Protocol):
    """How capacity of one backend ends. The module ``in_account.ending`` of its folder is one; all is idempotent.

    A ``handle`` is plain data, made by the catalogue entry from the spec and kept with the pool's leases:
    ``backend``, ``pool``, ``tags`` (what its capacity carries), and the names that the backend goes by.
    """

    @property
    def NEEDS(self) -> tuple[str, ...]:  # noqa: N802  # a constant of the module
        """The names in a handle without which its capacity is not found."""
        ...

    @property
    def LONGEST(self) -> int:  # noqa: N802
        """How long a lease can be, in seconds."""
        ...

    def stop(self, clients: Clients, handle: Handle) -> bool:
        """Take one step towards nothing: first what would start more, then jobs, then the machines by tag.

        False means 'not yet': call it again. It never deletes definitions.
        """
        ...

    def nodes(self, clients: Clients, handle: Handle) -> Iterable[Node]:
        """The pool's machines: what is there, and what ended within the last hour at least, for the meter."""
        ...

    def tend(self, clients: Clients, handle: Handle, now: float) -> list[str]:
        """Keep what is there within the pool's bound, and let it come in another way where none comes; what was done.

        Asked in the middle of a burst, never while it begins or ends.
        """
        ...

    def busy(self, clients: Clients, handle: Handle, now: float) -> bool:
        """Whether anything runs on the machines that are there, as far as their signals go; jobs that wait do not."""
        ...

    def leases_of_jobs(self, clients: Clients, handle: Handle) -> set[str]:
        """Whose the jobs say they are that have not ended, as far as they can be asked from here."""
        ...

    def end_jobs(self, clients: Clients, handle: Handle, lease: str) -> None:
        """End the jobs of one lease, whose capacity others still hold."""
        ...
