"""The end of a burst: its lease given back, and with the last lease all capacity, until a receipt proves it.

A lease outlives its capacity, never the other way round: whoever crashes in between leaves a record by which the
next command (or a brake) finishes the work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial

from tideform.burst.halt import Pause, Say, silent
from tideform.burst.lease import Lease, PoolRecord, State
from tideform.burst.meter import Meter
from tideform.burst.persistence import Persistence
from tideform.burst.reaper.base import Node
from tideform.burst.reaper.endings import ending
from tideform.burst.reaper.fence import Check, FencedError, fenced
from tideform.burst.reaper.ledger import Ledger
from tideform.burst.reaper.prices import SpotPrices
from tideform.burst.receipt import Receipt, capacity_receipt
from tideform.burst.runner import Runner, runner_for
from tideform.burst.table import LeaseTable, Terms
from tideform.burst.terms import terms_of
from tideform.cloud import Cloud
from tideform.errors import CloudError, LeftoversError, TideformError
from tideform.process import Process
from tideform.spec.deployment import Deployment

_HURRIED = 10.0  # seconds
_REMOVALS = 3  # attempts at removing a pool's definitions


def _no_lock(_pool: str, _pause: Pause) -> AbstractContextManager[object]:
    return nullcontext()


@dataclass(frozen=True)
class Hooks:
    """What a burst needs of the engine: the pool's own stack applied and destroyed, and its lock.

    ``apply`` and ``destroy`` take a pool's name and matter for ``between_bursts: remove`` only; ``lock`` takes it, too,
    guards changes of its capacity, and waits for others by the pause that it is given.
    """

    apply: Callable[[str], None] = silent
    destroy: Callable[[str], None] = silent
    lock: Callable[[str, Pause], AbstractContextManager[object]] = _no_lock


@dataclass(frozen=True)
class Patience:
    """How long a teardown may take, and how often it looks, in seconds."""

    limit: float = 900.0
    poll: float = 5.0

    @classmethod
    def of(cls, deployment: Deployment) -> Patience:
        """The sandbox ends things at once."""
        return cls(limit=60.0, poll=0.2) if deployment.target == "local" else cls()


@dataclass(frozen=True)
class Teardown:
    """How one pool's capacity ends. ``receipt`` asks what it holds, ``nodes`` which machines it has and just had."""

    pool: str
    runner: Runner
    table: LeaseTable
    receipt: Callable[[], Receipt]
    patience: Patience
    removes: bool = False
    hooks: Hooks = Hooks()
    say: Say = field(default=silent)
    clock: Callable[[], float] = time.time
    terms: Terms = field(default_factory=Terms)
    nodes: Callable[[], Sequence[Node]] = tuple

    @classmethod
    def of(cls, cloud: Cloud, deployment: Deployment, pool: str, hooks: Hooks, say: Say) -> Teardown:
        """For a pool of a deployment, whether the spec still names it or not."""
        spec = deployment.spec.training.get(pool)
        terms = terms_of(deployment, pool) if spec else Terms()
        return cls(
            pool=pool,
            runner=runner_for(cloud, deployment, pool, spec.backend if spec else "batch"),
            table=LeaseTable.of(cloud, deployment),
            receipt=lambda: capacity_receipt(cloud, deployment, pool),
            patience=Patience.of(deployment),
            removes=spec is not None and spec.between_bursts == "remove",
            hooks=hooks,
            say=say,
            clock=cloud.clock,
            terms=terms,
            nodes=lambda: tuple(ending(terms.handle["backend"]).nodes(cloud, terms.handle)),
        )

    def hurried(self) -> Teardown:
        """The same for a command that is about something else, and does not wait for what does not end."""
        return replace(self, patience=replace(self.patience, limit=min(self.patience.limit, _HURRIED)))

    def meter(self, lease: Lease) -> Meter:
        """What counts the cost of one lease."""
        return Meter(self.table, Ledger(self.table.items, SpotPrices(self.table.cloud)), lease, self.terms, self.nodes)

    def give_back(
        self, lease: Lease, pause: Pause = time.sleep, asked: Callable[[], int] = lambda: 0
    ) -> Receipt | None:
        """End one lease. None: the capacity stays for others, or somebody else has ended it or is at it.

        A service that refuses is asked again until it is done, or until ``asked`` tells that somebody has asked twice
        to stop, or well past the deadline, when it is the reaper's. Raises `LeftoversError` if anything is left; the
        pool's record then stays, so that it is tried again.
        """
        persistence = Persistence(self.say, asked, lambda: self.clock() >= lease.deadline + self.patience.limit)
        return persistence.until_done(lambda: self._give_back(lease, pause), self.pool)

    def _give_back(self, lease: Lease, pause: Pause) -> Receipt | None:
        try:
            record = self.table.release(lease, self.clock())
        except CloudError:
            self._end_unrecorded(lease)
            raise
        record = record or self._begun_here(lease)
        if record is None:
            self.say("Another command or a brake has ended the lease, or is ending it now.")
            return self._end_late(pause)
        if record.state is State.STOPPING:
            return self.finish(record, pause)
        self.runner.end_jobs(lease)
        self.say(f"The capacity stays: {record.count} more lease(s) on {self.pool}.")
        return None

    def _begun_here(self, lease: Lease) -> PoolRecord | None:
        """What this very process has begun to stop, and was cut off from: by a refusal, or an answer that was lost."""
        record = self.table.get(self.pool)
        mine = record.state is State.STOPPING and record.stopper == Process.current()
        return record if mine and record.lease(lease.id) is not None else None

    def _end_unrecorded(self, lease: Lease) -> None:
        """The table is away: what costs money goes all the same, and is written down after.

        Where another lease was seen on the pool, or has a job there, only this one's jobs go.
        """
        seen = self.table.seen(self.pool)
        others = seen is None or any(other.id != lease.id for other in seen.leases)
        if others or any(job.lease not in ("", lease.id) for job in self.runner.jobs()):
            self.runner.end_jobs(lease)
        else:
            self.runner.down()

    def finish(self, record: PoolRecord, pause: Pause = time.sleep) -> Receipt | None:
        """Take everything away in the name of ``record``'s token, prove it, and forget the leases.

        What costs money does not wait for the lock, which an apply may hold for long. Under the lock it is looked at
        again: a burst that was just starting may have brought more. None: this process was frozen or cut off meanwhile,
        and somebody else has done it; what stands now is nothing of this burst's.
        """
        mine = partial(self._require, lambda now: now.state is State.STOPPING and now.token == record.token)
        self.say("Taking the capacity away.")
        try:
            self._drain(time.monotonic() + self.patience.limit, mine)
            with self._locked(pause):
                receipt = self._clear(mine)
                self.table.stopped(record, self.clock())
                return receipt
        except FencedError:
            self.say("Somebody else has taken the capacity away meanwhile; nothing more is touched.")
            return None

    def end_unheld(self, pause: Pause) -> Receipt | None:
        """Take away what is there without a lease. None: somebody has got one meanwhile."""
        nobodys = partial(self._require, lambda now: not now.leases)
        with self._locked(pause):
            try:
                nobodys()
                return self._clear(nobodys)
            except FencedError:
                return None

    @contextmanager
    def _locked(self, pause: Pause) -> Iterator[None]:
        """The pool's lock; where it cannot even be written (a full disk), what costs money goes without it."""
        with ExitStack() as held:
            try:
                held.enter_context(self.hooks.lock(self.pool, pause))
            except OSError as error:
                self.say(f"The lock cannot be written ({error.strerror or error}): the capacity goes without it.")
            yield

    def _end_late(self, pause: Pause) -> Receipt | None:
        """A lease that was ended while its capacity was on the way leaves what nobody else will look for."""
        record = self.table.get(self.pool)
        nobody = not record.leases and record.state is State.IDLE
        return self.end_unheld(pause) if nobody and self.runner.capacity() else None

    def _require(self, holds: Callable[[PoolRecord], bool]) -> None:
        """Raise `FencedError` unless the pool's record is as it has to be for this teardown to go on.

        A table that cannot be read stops no end: capacity goes first, and nobody can begin anything without it.
        """
        try:
            record = self.table.get(self.pool)
        except TideformError:
            return
        if not holds(record):
            raise FencedError(f"{self.pool} is no longer this teardown's")

    def _clear(self, mine: Check) -> Receipt:
        receipt = self.sweep(mine)
        if self.removes:
            mine()
            self._remove()
        return receipt

    def _remove(self) -> None:
        """Destroy the pool's stack; again if that was cut short, since a terminal's Ctrl-C reaches the engine too."""
        for _ in range(_REMOVALS - 1):
            try:
                return self.hooks.destroy(self.pool)
            except TideformError as error:
                self.say(f"Removing the definitions of {self.pool} was cut short ({error}); trying again.")
        return self.hooks.destroy(self.pool)

    def sweep(self, mine: Check) -> Receipt:
        """Bring the capacity to nothing and return the empty receipt; raises `LeftoversError` otherwise.

        ``mine`` raises `FencedError` once what stands is no longer this teardown's.
        """
        deadline = time.monotonic() + self.patience.limit
        problem = self._drain(deadline, mine)
        receipt = self.receipt()
        while receipt.leftovers and time.monotonic() < deadline:
            time.sleep(self.patience.poll)
            mine()
            receipt = self.receipt()
        mine()
        try:
            receipt.require_empty()
        except LeftoversError as left:
            raise LeftoversError((*(problem.diagnostics if problem else ()), *left.diagnostics)) from problem
        return receipt

    def _drain(self, deadline: float, mine: Check) -> CloudError | None:
        """Step down until nothing is left or time is up; a service that refuses is asked again until then."""
        while True:
            problem = None
            mine()
            try:
                with fenced(mine):
                    if self.runner.down():
                        return None
            except CloudError as error:
                problem = error
            if time.monotonic() > deadline:
                return problem
            time.sleep(self.patience.poll)
