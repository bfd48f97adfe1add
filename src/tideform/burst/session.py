"""A burst's life: lease, capacity, work, and the way back, whatever happens in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from tideform.burst.begin import Begins, as_begins
from tideform.burst.brakes import Brake, require
from tideform.burst.chronicle import End
from tideform.burst.halt import Halt, Limit, halting, interrupted, now_and_then
from tideform.burst.lease import Lease, Mode, State, new_lease
from tideform.burst.limits import Limits
from tideform.burst.meter import Meter, spending_limit
from tideform.burst.month import require_budget
from tideform.burst.others import ended_elsewhere, not_yours
from tideform.burst.persistence import patiently
from tideform.burst.receipt import Receipt
from tideform.burst.reservations import ends_early, left_aside
from tideform.burst.runner import OnLog, Work
from tideform.burst.shared import kept_waiting, shared_with
from tideform.burst.sizing import require_fit, sizing
from tideform.burst.table_errors import NoTableError
from tideform.burst.teardown import Teardown
from tideform.burst.waiting import AGAIN, Waiting
from tideform.errors import CloudError, TideformError
from tideform.pools.worst_case import most_of
from tideform.process import user
from tideform.registry.training import backends
from tideform.spec.training import Pool

T = TypeVar("T")


@dataclass(frozen=True)
class Ended:
    """How a burst ended. ``receipt`` is None while others hold the pool's capacity."""

    exit_code: int
    receipt: Receipt | None
    meter: Meter


@dataclass(frozen=True)
class Session:
    """Bursts of one pool, by this process. ``stop_usd`` is the month's hard stop, where there is one."""

    pool: Pool
    teardown: Teardown
    stop_usd: float | None = None

    def run(self, work: Work, on_log: OnLog) -> Ended:
        """Bring capacity, run the work, take capacity away, and tell its exit code.

        Raises what went wrong, after the capacity has gone; `LeftoversError` if it has not.
        """
        with halting(self.teardown.say) as halt:
            self._check(work)
            lease = self._acquire(Mode.RUN, work)
            meter = self.teardown.meter(lease)
            try:
                code = self._work(lease, work, on_log, halt, meter)
            except BaseException as problem:
                self._fail(lease, meter, halt, problem)
                raise
            return Ended(code, self._end(lease, meter, halt, code=code), meter)

    def detach(self, work: Work) -> Lease:
        """Begin the work and leave it to the account: the reaper ends its lease with it, and the capacity.

        Returns the lease, with its job; on failure nothing stays. Raises `RefusedError` TD683
        where the backend begins none.
        """
        with halting(self.teardown.say) as halt:
            self._check(work)
            runner = as_begins(self.teardown.runner, self.teardown.pool, self.pool.backend)
            lease = self._acquire(Mode.JOB, work)
            halt.limits.append(self._limits(lease, halt).in_time)
            try:
                begun = self._begin(runner, lease, work, halt)
                halt.check()
            except BaseException as problem:
                self._fail(lease, self.teardown.meter(lease), halt, problem)
                raise
            return begun

    def up(self) -> Lease:
        """Bring capacity and leave it until `down`, or the deadline; on failure nothing stays."""
        with halting(self.teardown.say) as halt:
            self._check(None)
            lease = self._acquire(Mode.UP)
            try:
                self._bring(lease, halt)
                halt.check()
            except BaseException as problem:
                self._fail(lease, self.teardown.meter(lease), halt, problem)
                raise
            return replace(lease, detached=True)

    def down(self, *, everybody: bool = False) -> Receipt | None:
        """End one's own leases, or everybody's. None while others hold the capacity.

        Without any lease it looks after capacity that nobody holds, and ends that.
        """
        with halting(self.teardown.say, needs_reader=False) as halt:
            if (record := self.teardown.record(lambda: halt.asked)) is None:
                return self.teardown.end_without_table(halt.pause)
            chosen = [lease for lease in record.leases if everybody or lease.owner == user()]
            if not record.leases:
                return self.teardown.end_unheld(halt.pause)
            if not chosen:
                raise not_yours(self.teardown.pool, (lease.owner for lease in record.leases))
            end = End(f"its capacity was ended by {user()}")
            receipts = [self.teardown.give_back(lease, halt.pause, lambda: halt.asked, end) for lease in chosen]
            return receipts[-1]

    def _check(self, work: Work | None) -> None:
        """What the pool's backend would refuse, or fail, later; without ``work`` capacity is merely held."""
        if work is not None:
            require_fit(self.pool, work.nodes)
        for remark in self.teardown.runner.check(work):
            self.teardown.say(f"Note: {remark}.")

    def _begin(self, runner: Begins, lease: Lease, work: Work, halt: Halt) -> Lease:
        """The job without this process. Its brakes are all that ends it: they prove themselves whoever holds the pool.

        Raises `RefusedError` TD614 where another command has ended the lease meanwhile.
        """
        table = self.teardown.table
        runner.make_room(lease, work, halt)  # others' jobs may take hours: none of them finds the pool locked meanwhile
        with self.teardown.hooks.lock(lease.pool, halt.pause):
            self._stands(lease, halt)
            halt.check()
            self.teardown.say(f"Beginning {work.label or ' '.join(work.command or self.pool.job.command)}")
            with self._limits(lease, halt).while_held():
                job = runner.begin(lease, work, halt)
            record = self._asked(lambda: table.begun(lease, job, self.teardown.clock()), halt)
        begun = record.lease(lease.id) if record else None
        if begun is None:
            raise ended_elsewhere(lease.pool)
        return begun

    def _nodes(self, work: Work | None) -> int:
        return work.nodes if work else backends()[self.pool.backend].held_nodes(self.pool)

    def _most_usd(self) -> float:
        """An hour of all that the pool can hold."""
        most = most_of(self.pool)
        return most.hourly if most is not None else float("inf")

    def _acquire(self, mode: Mode, work: Work | None = None) -> Lease:
        """Write the lease: from here on there is a record of what may be started. Refused past the month's budget."""
        name = self.teardown.pool
        require_budget(self.teardown.table, self.stop_usd, self.teardown.clock())
        hourly = sizing(self.pool, self._nodes(work)).hourly_usd
        lease = new_lease(name, self.pool, mode, now=self.teardown.clock(), hourly_usd=hourly)
        lease = replace(lease, checkpoint_uri=work.checkpoint_uri if work else "")
        record = self.teardown.table.acquire(lease, self.teardown.terms)
        return replace(lease, token=record.token)

    def _bring(self, lease: Lease, halt: Halt, work: Work | None = None) -> None:
        """Capacity for this lease: the first one brings it, the others find it there; and what ``work`` needs beside.

        The brakes prove themselves to each: a burst that joins goes on after the one that brought the capacity.

        Raises `RefusedError` TD614 where another command has ended the lease meanwhile.
        """
        table = self.teardown.table
        if blocks := self.pool.capacity.blocks:
            for warning in ends_early(table.cloud, blocks, self.teardown.clock(), lease.deadline):
                self.teardown.say(warning)
        with self.teardown.hooks.lock(lease.pool, halt.pause):
            if not self._stands(lease, halt):
                self._start(lease, halt, work)
            if work is not None:
                with self._limits(lease, halt).while_held():
                    self.teardown.runner.widen(lease, work, halt)
            if self._asked(lambda: table.up(lease), halt) is None:
                raise ended_elsewhere(lease.pool)
            self.teardown.runner.hold_until(lease.deadline)  # capacity with an end of its own: for all leases

    def _stands(self, lease: Lease, halt: Halt) -> bool:
        """Whether another burst has brought the pool's capacity. If not, it is defined: this one is to bring it.

        Raises `RefusedError` TD614 where another command has ended the lease meanwhile: without one, nothing may start.
        """
        table = self.teardown.table
        if self._asked(lambda: table.get(lease.pool), halt).state is State.UP:
            self._brake(self.teardown.runner.brakes(), halt)
            return True
        if self._asked(lambda: table.starting(lease), halt) is None:
            raise ended_elsewhere(lease.pool)
        self._define(lease, halt)
        return False

    def _start(self, lease: Lease, halt: Halt, work: Work | None) -> None:
        teardown = self.teardown
        if blocks := self.pool.capacity.blocks:
            for remark in left_aside(teardown.table.cloud, blocks, teardown.clock()):
                teardown.say(remark)
        halt.check()
        teardown.say(f"Bringing in {sizing(self.pool, self._nodes(work)).words}.")
        with self._limits(lease, halt).while_held():
            teardown.runner.up(lease, halt, work)

    def _define(self, lease: Lease, halt: Halt) -> None:
        """Every brake; of a pool that stands during bursts only nothing is made before all others are in place."""
        brakes = self.teardown.runner.brakes()
        if self.teardown.removes():
            self._brake([brake for brake in brakes if not brake.of_pool], halt)
            self.teardown.say(f"Making the definitions of {lease.pool}.")
            self.teardown.hooks.apply(lease.pool)
            brakes = tuple(brake for brake in brakes if brake.of_pool)
        self._brake(brakes, halt)

    def _brake(self, brakes: Sequence[Brake], halt: Halt) -> None:
        """A reaper that is at work answers when its round is over, so what is waited for is told."""
        self.teardown.say(f"Checking the brakes: {', '.join(brake.name for brake in brakes)}.")
        for warning in self._asked(lambda: require(brakes), halt):
            self.teardown.say(warning)

    def _work(self, lease: Lease, work: Work, on_log: OnLog, halt: Halt, meter: Meter) -> int:
        limits = self._limits(lease, halt)
        spend = spending_limit(meter, lease, self.teardown.clock, self._most_usd())
        halt.limits += [limits.in_time, limits.now_and_then(spend)]
        self._bring(lease, halt, work)
        halt.limits.append(limits.now_and_then(limits.still_held))
        halt.limits.append(now_and_then(self._telling_waits(lease), self.teardown.clock))
        if words := shared_with(self.teardown, lease.id, sizing(self.pool).most_nodes):
            self.teardown.say(words)
        self.teardown.say(f"Running {work.label or ' '.join(work.command or self.pool.job.command)}")
        with limits.telling_who_ended_it(), limits.while_held():
            return self.teardown.runner.run(lease, work, on_log, halt)

    def _telling_waits(self, lease: Lease) -> Limit:
        """No limit: it says what a job waits for, now and then. What cannot be looked at is not told.

        Who holds the pool beside it is told as it begins, so here after a while.
        """
        teardown, most = self.teardown, sizing(self.pool).most_nodes
        stuck = Waiting(teardown.say, after=0.0, clock=teardown.clock)
        others = Waiting(teardown.say, after=AGAIN, clock=teardown.clock)

        def look() -> None:
            others.on(kept_waiting(teardown, lease.id, most))
            with suppress(CloudError):
                why = teardown.runner.stuck()
                stuck.on(f"{teardown.pool}: {why}." if why else "")

        return look

    def _asked(self, attempt: Callable[[], T], halt: Halt) -> T:
        """Of a table that may be away for a moment; a reason to stop ends the wait."""
        return patiently(attempt, self.teardown.say, halt.pause)

    def _limits(self, lease: Lease, halt: Halt) -> Limits:
        return Limits(self.teardown, lease, self.pool.lease, halt)

    def _fail(self, lease: Lease, meter: Meter, halt: Halt, problem: BaseException) -> None:
        """Take everything away; what failed because a terminal's Ctrl-C reached the engine, too, is an interruption."""
        cause = problem
        if halt.signal is not None and isinstance(problem, TideformError):
            cause = interrupted(halt.signal)
        self._end(lease, meter, halt, cause)
        if cause is not problem:
            raise cause from problem

    def _end(
        self, lease: Lease, meter: Meter, halt: Halt, problem: BaseException | None = None, code: int | None = None
    ) -> Receipt | None:
        """Give the lease back; if that fails after something else did, tell both."""
        try:
            receipt = self.teardown.give_back(lease, asked=lambda: halt.asked, end=End.of(problem, code))
            self._count(meter)
            if problem is not None and receipt is not None:  # nobody else will tell it
                self.teardown.say(f"Nothing is left of it ({receipt.asked} questions asked). Cost: {meter.words()}.")
            return receipt
        except TideformError as error:
            if not isinstance(problem, TideformError):
                raise
            raise type(error)((*problem.diagnostics, *error.diagnostics)) from problem

    def _count(self, meter: Meter) -> None:
        """The capacity has gone, and each machine tells when: only now is the sum whole."""
        try:
            meter.look(self.teardown.clock())
        except (CloudError, NoTableError) as error:
            self.teardown.say(f"The cost is an under-estimate: {error.diagnostics[0].detail}")
