"""A job that is begun and not followed: what a backend of `reaper.starting` is told by a command."""

from __future__ import annotations

import time
from abc import abstractmethod

from tideform.burst.detaching import cannot_be_left
from tideform.burst.halt import Halt
from tideform.burst.lease import Lease
from tideform.burst.runner import Runner, Work
from tideform.burst.waiting import Waiting
from tideform.errors import RefusedError
from tideform.reaper.base import Handle
from tideform.reaper.claims import Claim
from tideform.reaper.starting.base import Start

PATIENCE = 600.0  # seconds until what is still changing has to be done with it


class Begins(Runner):
    """A runner that can leave its job to the account."""

    def make_room(self, lease: Lease, work: Work, halt: Halt) -> None:  # noqa: ARG002
        """Wait, with the pool not locked, until `begin` may have its machines, and take them. Nothing is started."""
        return

    @abstractmethod
    def begin(self, lease: Lease, work: Work, halt: Halt) -> str:
        """Begin the work, its end in place first, and return what the backend calls it: ids, with blanks between.

        Raises `CloudError` when a service refuses, and what ``halt`` raises while it waits.
        """


def as_begins(runner: Runner, name: str, backend: str) -> Begins:
    """The runner of the pool ``name`` as one that begins jobs. Raises `RefusedError` TD683 where it does not."""
    if isinstance(runner, Begins):
        return runner
    raise RefusedError((cannot_be_left(name, backend),))


def start_of(handle: Handle, lease: Lease, claim: Claim, rest: int, halt: Halt) -> Start:
    """The words of `reaper.starting` for a lease that is written, with ``rest`` seconds left."""
    until, waiting = time.monotonic() + PATIENCE, Waiting(halt.say)
    return Start(
        plan={"handle": handle, "lease_seconds": rest},
        lease=lease.id,
        deadline=lease.deadline,
        claim=claim,
        variables={},
        checkpoints="",
        more_time=lambda: time.monotonic() < until,
        pause=halt.pause,
        tell=lambda why: waiting.on(f"Waiting to begin on {lease.pool}: {why}."),
    )
