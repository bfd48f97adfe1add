"""The words of a start that nobody waits for: what is to be begun, under which lease, and how long that may take."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tideform.reaper.base import Clients, Handle
from tideform.reaper.claims import EXPIRES, Claim, utc
from tideform.reaper.items import Item

Plan = Mapping[str, Any]
ATTEMPTS = 5  # at one job whose machines are taken away; backends that begin it anew themselves are told the same
_PAUSE = 2.0  # seconds between two looks at what is still changing


class StartError(Exception):
    """The burst could not be started: the function's error metric counts it, and an alarm watches that."""


@dataclass(frozen=True)
class Start:
    """One job to begin. Its lease is written; ``deadline`` is its end, in epoch seconds, and ``claim`` says the pool's.

    ``item`` is the pool's that holds it, for backends whose jobs bring their machines (`shares`).
    ``variables`` are those of this run alone: where its code is, and where its ``checkpoints`` go (empty: nowhere).
    """

    plan: Plan
    lease: str
    deadline: int
    claim: Claim
    variables: Mapping[str, str]
    checkpoints: str
    more_time: Callable[[], bool]
    pause: Callable[[float], None] = time.sleep
    tell: Callable[[str], object] = str  # what is waited for, where somebody listens
    item: Item = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic, init=False)

    @property
    def handle(self) -> Handle:
        """How the pool's capacity ends, and what its parts are called."""
        handle: Handle = self.plan["handle"]
        return handle

    @property
    def rest(self) -> int:
        """What is left of the lease, in seconds."""
        return int(self.plan["lease_seconds"] - (time.monotonic() - self._began))

    @property
    def expires(self) -> str:
        """The lease's end, as a tag says it of what ends with this lease, whoever else holds the pool."""
        return utc(self.deadline)

    @property
    def tags(self) -> dict[str, str]:
        """What the job itself is tagged with."""
        return {**self.claim.tags, EXPIRES: self.expires}

    def wait(self, why: str) -> None:
        """Raises `StartError` where there is no time left; the reaper then gives the lease back."""
        if not self.more_time():
            raise StartError(why)
        self.tell(why)
        self.pause(_PAUSE)


@dataclass(frozen=True)
class Turn:
    """One round's look, at ``now``, at a lease of ``since``, whose job has begun, and that ends in ``rest`` seconds.

    ``claimed`` does something that begins the job anew, unless the lease is over or somebody else does it; it answers
    whether it was done, and notes what was returned as the lease's job.
    """

    lease: str
    since: float
    now: float
    rest: int
    claimed: Callable[[Callable[[], str]], bool]


@dataclass(frozen=True)
class Again:
    """What came of such a look: ``goes_on`` where a lost job begins anew, or will as soon as it can (``waits``).

    ``did`` is what was done, ``over`` why a job that lost its machines is not begun anew.
    """

    goes_on: bool = False
    waits: bool = False
    did: Sequence[str] = ()
    over: str = ""


class Starting(Protocol):
    """How jobs of one backend start by themselves. A module of `starting` is one, named as the backend."""

    def begin(self, clients: Clients, start: Start) -> str:
        """Bring what the job needs, its own end first, and begin it; returns its id. Raises `StartError`."""
        ...

    def working(self, clients: Clients, handle: Handle) -> set[str]:
        """The leases of the pool whose jobs are not over."""
        ...

    def again(self, clients: Clients, handle: Handle, turn: Turn) -> Again:
        """Begin anew what lost its machines, where the service does not do it by itself."""
        ...

    def failed(self, clients: Clients, handle: Handle, job: str) -> str:
        """Why a job that is over failed, where AWS has no event that tells of it; empty otherwise."""
        ...
