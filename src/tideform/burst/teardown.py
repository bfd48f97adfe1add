"""The end of a burst: its lease given back, and with the last lease all capacity, until a receipt proves it.

A lease outlives its capacity, never the other way round: whoever crashes in between leaves a record by which the
next command (or a brake) finishes the work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from tideform.burst.applied import removed_between_bursts
from tideform.burst.chronicle import BY_ITSELF, Chronicle, End
from tideform.burst.clearance import Clearance, Hooks, Patience, nobody
from tideform.burst.halt import Pause, Say, silent
from tideform.burst.lease import Lease, PoolRecord, State
from tideform.burst.meter import Meter
from tideform.burst.persistence import Persistence
from tideform.burst.receipt import Receipt, capacity_receipt
from tideform.burst.runner import Runner, runner_for
from tideform.burst.table import LeaseTable, Terms
from tideform.burst.table_errors import NoTableError, UnreadableError
from tideform.burst.terms import terms_of
from tideform.cloud import Cloud
from tideform.errors import CloudError, TideformError
from tideform.process import Process
from tideform.reaper.base import Node
from tideform.reaper.endings import ending
from tideform.reaper.fates import NOBODYS, UNREADABLE
from tideform.reaper.fence import FencedError
from tideform.reaper.ledger import Ledger
from tideform.reaper.prices import SpotPrices
from tideform.spec.deployment import Deployment
from tideform.words import counted

_HURRIED = 10.0  # seconds


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Teardown:
    """How one pool's capacity ends. ``receipt`` asks what it holds, ``nodes`` which machines it has and just had.

    ``removes`` tells whether its definitions go, too.
    """

    pool: str
    runner: Runner
    table: LeaseTable
    receipt: Callable[[], Receipt]
    patience: Patience
    removes: Callable[[], bool] = _never
    hooks: Hooks = field(default_factory=Hooks)
    say: Say = field(default=silent)
    clock: Callable[[], float] = time.time
    terms: Terms = field(default_factory=Terms)
    nodes: Callable[[], Sequence[Node]] = tuple

    @classmethod
    def of(cls, cloud: Cloud, deployment: Deployment, pool: str, hooks: Hooks, say: Say) -> Teardown:
        """For a pool of a deployment, whether the spec still names it or not.

        Its definitions go where both the deployment and what was applied say so.
        """
        spec = deployment.spec.training.get(pool)
        terms = terms_of(deployment, pool) if spec else Terms()
        return cls(
            pool=pool,
            runner=runner_for(cloud, deployment, pool),
            table=LeaseTable.of(cloud, deployment),
            receipt=lambda: capacity_receipt(cloud, deployment, pool),
            patience=Patience.of(deployment),
            removes=_removal(deployment, pool),
            hooks=hooks,
            say=say,
            clock=cloud.clock,
            terms=terms,
            nodes=lambda: tuple(ending(terms.handle["backend"]).nodes(cloud, terms.handle)),
        )

    @property
    def chronicle(self) -> Chronicle:
        """Where it is written down what becomes of jobs."""
        return Chronicle(self.pool, self.runner, self.table, self.terms.handle, self.say, self.clock)

    @property
    def clearance(self) -> Clearance:
        """How all of it goes, and before its definitions what they tell of jobs."""
        hooks = replace(self.hooks, destroy=self._destroy)
        return Clearance(self.pool, self.runner, self.receipt, self.patience, self.removes, hooks, self.say)

    def hurried(self) -> Teardown:
        """The same for a command that is about something else, and does not wait for what does not end."""
        return replace(self, patience=replace(self.patience, limit=min(self.patience.limit, _HURRIED)))

    def keeping(self) -> Teardown:
        """The same for a command that removes the definitions itself, or leaves them."""
        return replace(self, removes=_never)

    def meter(self, lease: Lease) -> Meter:
        """What counts the cost of one lease."""
        return Meter(self.table, Ledger(self.table.items, SpotPrices(self.table.cloud)), lease, self.terms, self.nodes)

    def record(self, asked: Callable[[], int]) -> PoolRecord | None:
        """The pool's record. None: there is no table, and capacity all the same, or what would bring some.

        A table that is away is asked again until it answers, or ``asked`` tells that somebody asked twice to stop.
        """
        try:
            return Persistence(self.say, asked).until_done(lambda: self.table.get(self.pool), self.pool)
        except NoTableError:
            if not self._stands():
                raise
            return None

    def unrecorded(self, asked: Callable[[], int]) -> bool:
        """Whether something stands of the pool, or is asked for, and there is no lease table."""
        try:
            return self.record(asked) is None
        except NoTableError:
            return False

    def _stands(self) -> bool:
        """Whether anything is there that costs money, or would bring what does once there is room for it."""
        return bool(self.receipt().leftovers) or self.runner.wants()

    def give_back(
        self,
        lease: Lease,
        pause: Pause = time.sleep,
        asked: Callable[[], int] = lambda: 0,
        end: End = BY_ITSELF,
        first: Callable[[], object] = nobody,
    ) -> Receipt | None:
        """End one lease. None: the capacity stays for others, or somebody else has ended it or is at it.

        ``first`` is done once the lease has ended, before its jobs and its capacity do.

        A service that refuses is asked again until it is done, or until ``asked`` tells that somebody has asked twice
        to stop, or well past the deadline, when it is the reaper's. Raises `LeftoversError` if anything is left; the
        pool's record then stays, so that it is tried again.
        """
        persistence = Persistence(self.say, asked, lambda: self.clock() >= lease.deadline + self.patience.limit)
        end = replace(end, seen={})
        return persistence.until_done(lambda: self._give_back(lease, pause, end, first), self.pool)

    def _give_back(self, lease: Lease, pause: Pause, end: End, first: Callable[[], object]) -> Receipt | None:
        try:
            record = self.table.release(lease, self.clock())
        except CloudError:
            self.chronicle.learn([lease], end)
            self._end_unrecorded(lease)
            raise
        except UnreadableError as broken:
            return self._end_illegible(broken, pause, lease, end)
        except NoTableError:
            self.say("The lease table is gone: the capacity is ended without it.")
            return self.end_without_table(pause, lease)
        record = record or self._begun_here(lease)
        if record is None:
            self.say("Another command or a brake has ended the lease, or is ending it now.")
            return self._end_late(pause)
        if record.state is State.STOPPING:
            return self.finish(record, pause, end, first)
        self.chronicle.note([lease], end)
        first()
        self.runner.end_jobs(lease)
        self.say(f"The capacity stays: {counted(record.count, 'other lease')} on {self.pool}.")
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

    def end_without_table(self, pause: Pause, lease: Lease | None = None) -> Receipt | None:
        """Nobody can hold a pool without a table, but for whom this process has seen there: then jobs go, no more.

        None: the capacity is left to those, and to the time on its tags.
        """
        seen = self.table.seen(self.pool)
        if lease is not None and seen is not None and any(other.id != lease.id for other in seen.leases):
            self.runner.end_jobs(lease)
            return None
        self.clearance.drain(nobody)
        with self.clearance.locked(pause):
            return self.clearance.clear(nobody)

    def _end_illegible(self, broken: UnreadableError, pause: Pause, lease: Lease, end: End) -> Receipt | None:
        """Nobody knows who holds the pool: as the reaper would, end all of it by its tags, and make its item whole.

        None: somebody else has done so meanwhile, and there are leases again.
        """
        told = broken.diagnostics[0]
        self.say(f"{told.summary} ({told.code}): {told.detail} All capacity of the pool is ended.")
        nobodys = partial(self._require, lambda now: not now.leases)
        try:
            self.chronicle.note([lease], end)
            self.chronicle.note_at_work(UNREADABLE, nobodys)
            self.clearance.drain(nobodys)
            with self.clearance.locked(pause):
                receipt = self.clearance.clear(nobodys)
        except FencedError:
            return None
        self.table.mend(self.pool, self.terms.handle)
        return receipt

    def finish(
        self,
        record: PoolRecord,
        pause: Pause = time.sleep,
        end: End = BY_ITSELF,
        first: Callable[[], object] = nobody,
    ) -> Receipt | None:
        """Take everything away in the name of ``record``'s token, prove it, and forget the leases.

        What has become of their jobs is written down before: their end makes all that are at work alike.

        What costs money does not wait for the lock, which an apply may hold for long. Under the lock it is looked at
        again: a burst that was just starting may have brought more. None: this process was frozen or cut off meanwhile,
        and somebody else has done it; what stands now is nothing of this burst's.
        """
        mine = partial(self._require, lambda now: now.state is State.STOPPING and now.token == record.token)
        self.say("Taking the capacity away.")
        self.chronicle.note(record.leases, end)
        first()
        try:
            self.clearance.drain(mine)
            with self.clearance.locked(pause):
                receipt = self.clearance.clear(mine)
                self.table.stopped(record, self.clock())
                self.table.mend(self.pool, self.terms.handle)
                return receipt
        except FencedError:
            self.say("Somebody else has taken the capacity away meanwhile; nothing more is touched.")
            return None

    def end_unheld(self, pause: Pause) -> Receipt | None:
        """Take away what is there without a lease. None: somebody has got one meanwhile."""
        nobodys = partial(self._require, lambda now: not now.leases)
        with self.clearance.locked(pause):
            try:
                nobodys()
                self.chronicle.note_at_work(NOBODYS, nobodys)
                return self.clearance.clear(nobodys)
            except FencedError:
                return None

    def _end_late(self, pause: Pause) -> Receipt | None:
        """A lease that was ended while its capacity was on the way leaves what nobody else will look for."""
        record = self.table.get(self.pool)
        nobody = not record.leases and record.state is State.IDLE
        return self.end_unheld(pause) if nobody and self._stands() else None

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

    def _destroy(self, pool: str) -> None:
        """The definitions, once it is written down what their backend remembers of jobs."""
        self.chronicle.note_rest()
        self.hooks.destroy(pool)


def _removal(deployment: Deployment, pool: str) -> Callable[[], bool]:
    """The state is asked when definitions are to go, and of a pool that keeps them never."""
    spec = deployment.spec.training.get(pool)
    if spec is None or spec.between_bursts == "keep":
        return _never
    return lambda: removed_between_bursts(deployment, pool) is True
