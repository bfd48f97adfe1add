"""A burst's life: lease, capacity, work, and the way back, whatever happens in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tideform.burst.brakes import require
from tideform.burst.halt import Halt, halting
from tideform.burst.lease import Lease, Mode, State, new_lease
from tideform.burst.meter import Meter, spending_limit
from tideform.burst.receipt import Receipt
from tideform.burst.runner import OnLog
from tideform.burst.sizing import sizing
from tideform.burst.teardown import Teardown
from tideform.errors import CloudError, RefusedError, TideformError
from tideform.prices.book import book
from tideform.process import user
from tideform.spec.training import Pool


@dataclass(frozen=True)
class Ended:
    """How a burst ended. ``receipt`` is None while others hold the pool's capacity."""

    exit_code: int
    receipt: Receipt | None
    meter: Meter


@dataclass(frozen=True)
class Session:
    """Bursts of one pool, by this process."""

    pool: Pool
    teardown: Teardown
    clock: Callable[[], float] = time.time

    def run(self, command: Sequence[str], on_log: OnLog) -> Ended:
        """Bring capacity, run the command (none: the pool's job), take capacity away, and tell its exit code.

        Raises what went wrong, after the capacity has gone; `LeftoversError` if it has not.
        """
        with halting(self.teardown.say) as halt:
            lease = self._acquire(Mode.RUN)
            meter = Meter(book(), self.clock())
            try:
                code = self._work(lease, command, on_log, halt, meter)
            except BaseException as problem:
                self._end(lease, meter, problem)
                raise
            return Ended(code, self._end(lease, meter), meter)

    def up(self) -> Lease:
        """Bring capacity and leave it until `down`, or the deadline; on failure nothing stays."""
        with halting(self.teardown.say) as halt:
            lease = self._acquire(Mode.UP)
            try:
                self._bring(lease, halt)
            except BaseException as problem:
                self._end(lease, Meter(book(), self.clock()), problem)
                raise
            return replace(lease, detached=True)

    def down(self, *, everybody: bool = False) -> Receipt | None:
        """End one's own leases, or everybody's. None while others hold the capacity.

        Without any lease it looks after capacity that nobody holds, and ends that.
        """
        with halting(self.teardown.say):
            record = self.teardown.table.get(self.teardown.pool)
            chosen = [lease for lease in record.leases if everybody or lease.owner == user()]
            if not record.leases:
                return self.teardown.sweep()
            if not chosen:
                raise _not_yours(self.teardown.pool, record.leases)
            receipts = [self.teardown.give_back(lease) for lease in chosen]
            return receipts[-1]

    def _acquire(self, mode: Mode) -> Lease:
        """Write the lease: from here on there is a record of what may be started."""
        name = self.teardown.pool
        lease = new_lease(name, self.pool, mode, now=self.clock(), hourly_usd=sizing(self.pool).hourly_usd)
        record = self.teardown.table.acquire(lease)
        return replace(lease, token=record.token)

    def _bring(self, lease: Lease, halt: Halt) -> None:
        """Capacity for this lease: the first one brings it, the others find it there."""
        name, table, runner, hooks = lease.pool, self.teardown.table, self.teardown.runner, self.teardown.hooks
        with hooks.lock(name):
            if table.get(name).state is not State.UP:
                table.starting(lease)
                if self.teardown.removes:
                    self.teardown.say(f"Making the definitions of {name}.")
                    hooks.apply(name)
                require(runner.brakes())
                halt.check()
                self.teardown.say(f"Bringing in {sizing(self.pool).words}.")
                runner.up(lease, halt)
            table.up(lease)

    def _work(self, lease: Lease, command: Sequence[str], on_log: OnLog, halt: Halt, meter: Meter) -> int:
        runner = self.teardown.runner
        halt.limits += [
            lambda: f"its lease of {self.pool.lease} is over" if self.clock() >= lease.deadline else "",
            spending_limit(meter, lease.cap_usd, runner.capacity, self.clock),
        ]
        self._bring(lease, halt)
        meter.observe(runner.capacity(), self.clock())
        self.teardown.say(f"Running {' '.join(command or self.pool.job.command)}")
        return runner.run(lease, command, on_log, halt)

    def _end(self, lease: Lease, meter: Meter, problem: BaseException | None = None) -> Receipt | None:
        """Give the lease back; if that fails after something else did, tell both."""
        try:
            meter.observe(self.teardown.runner.capacity(), self.clock())
        except CloudError as error:
            self.teardown.say(f"The cost is an under-estimate: {error.diagnostics[0].detail}")
        try:
            receipt = self.teardown.give_back(lease)
            if problem is not None and receipt is not None:  # nobody else will tell it
                self.teardown.say(f"Nothing is left of it ({receipt.asked} questions asked). Cost: {meter.words()}.")
            return receipt
        except TideformError as error:
            if not isinstance(problem, TideformError):
                raise
            raise type(error)((*problem.diagnostics, *error.diagnostics)) from problem


def _not_yours(pool: str, leases: Sequence[Lease]) -> TideformError:
    owners = ", ".join(sorted({lease.owner for lease in leases}))
    return RefusedError.of(
        "TD609",
        "The leases are not yours",
        detail=f"{pool} is held by {owners}, not by {user()}.",
        fix="Ask them, or end everybody's burst with `--all`.",
    )
