"""A burst's life: lease, capacity, work, and the way back, whatever happens in between."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from tideform.burst.brakes import require
from tideform.burst.halt import Halt, Limit, halting, interrupted, limit_reached, now_and_then
from tideform.burst.lease import Lease, Mode, State, new_lease
from tideform.burst.meter import Meter, spending_limit
from tideform.burst.month import require_budget
from tideform.burst.persistence import Persistence, tolerating
from tideform.burst.reaper.fence import STARTS, fenced
from tideform.burst.receipt import Receipt
from tideform.burst.reservations import ends_early, left_aside
from tideform.burst.runner import OnLog, Work
from tideform.burst.sizing import sizing
from tideform.burst.teardown import Teardown
from tideform.errors import CloudError, RefusedError, TideformError
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
    """Bursts of one pool, by this process. ``stop_usd`` is the month's hard stop, where there is one."""

    pool: Pool
    teardown: Teardown
    stop_usd: float | None = None

    def run(self, work: Work, on_log: OnLog) -> Ended:
        """Bring capacity, run the work, take capacity away, and tell its exit code.

        Raises what went wrong, after the capacity has gone; `LeftoversError` if it has not.
        """
        with halting(self.teardown.say) as halt:
            check = getattr(self.teardown.runner, "check", None)  # what its backend would refuse, or fail, later
            if check is not None:
                check(work)
            lease = self._acquire(Mode.RUN, work)
            meter = self.teardown.meter(lease)
            try:
                code = self._work(lease, work, on_log, halt, meter)
            except BaseException as problem:
                self._fail(lease, meter, halt, problem)
                raise
            return Ended(code, self._end(lease, meter, halt), meter)

    def up(self) -> Lease:
        """Bring capacity and leave it until `down`, or the deadline; on failure nothing stays."""
        with halting(self.teardown.say) as halt:
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
            asked = Persistence(self.teardown.say, lambda: halt.asked)
            record = asked.until_done(lambda: self.teardown.table.get(self.teardown.pool), self.teardown.pool)
            chosen = [lease for lease in record.leases if everybody or lease.owner == user()]
            if not record.leases:
                return self.teardown.end_unheld(halt.pause)
            if not chosen:
                raise _not_yours(self.teardown.pool, record.leases)
            receipts = [self.teardown.give_back(lease, halt.pause, lambda: halt.asked) for lease in chosen]
            return receipts[-1]

    def _acquire(self, mode: Mode, work: Work = Work()) -> Lease:  # noqa: B008  # it is frozen
        """Write the lease: from here on there is a record of what may be started. Refused past the month's budget."""
        name = self.teardown.pool
        require_budget(self.teardown.table, self.stop_usd, self.teardown.clock())
        lease = new_lease(name, self.pool, mode, now=self.teardown.clock(), hourly_usd=sizing(self.pool).hourly_usd)
        lease = replace(lease, checkpoint_uri=work.checkpoint_uri)
        record = self.teardown.table.acquire(lease, self.teardown.terms)
        return replace(lease, token=record.token)

    def _bring(self, lease: Lease, halt: Halt) -> None:
        """Capacity for this lease: the first one brings it, the others find it there.

        Raises `RefusedError` TD614 where another command has ended the lease meanwhile: without one, nothing may start.
        """
        table = self.teardown.table
        if blocks := self.pool.capacity.blocks:
            for warning in ends_early(table.cloud, blocks, self.teardown.clock(), lease.deadline):
                self.teardown.say(warning)
        with self.teardown.hooks.lock(lease.pool, halt.pause):
            if table.get(lease.pool).state is not State.UP:
                if table.starting(lease) is None:
                    raise _ended_elsewhere(lease.pool)
                self._start(lease, halt)
            if table.up(lease) is None:
                raise _ended_elsewhere(lease.pool)
            hold = getattr(self.teardown.runner, "hold_until", None)  # capacity with an end of its own: for all leases
            if hold is not None:
                hold(lease.deadline)

    def _start(self, lease: Lease, halt: Halt) -> None:
        teardown = self.teardown
        if teardown.removes:
            teardown.say(f"Making the definitions of {lease.pool}.")
            teardown.hooks.apply(lease.pool)
        for warning in require(teardown.runner.brakes()):
            teardown.say(warning)
        if blocks := self.pool.capacity.blocks:
            for remark in left_aside(teardown.table.cloud, blocks, teardown.clock()):
                teardown.say(remark)
        halt.check()
        teardown.say(f"Bringing in {sizing(self.pool).words}.")
        with self._while_held(lease):
            teardown.runner.up(lease, halt)

    def _work(self, lease: Lease, work: Work, on_log: OnLog, halt: Halt, meter: Meter) -> int:
        runner = self.teardown.runner
        spending = self._now_and_then(spending_limit(meter, lease, self.teardown.clock))
        halt.limits += [lambda: self._in_time(lease), spending]
        self._bring(lease, halt)
        halt.limits.append(self._now_and_then(lambda: self._still_held(lease)))
        self.teardown.say(f"Running {work.label or ' '.join(work.command or self.pool.job.command)}")
        with self._while_held(lease):
            return runner.run(lease, work, on_log, halt)

    def _while_held(self, lease: Lease) -> AbstractContextManager[None]:
        """Whatever starts capacity or work leaves only while the table says that the lease holds."""
        table = self.teardown.table

        def held() -> None:
            table.claim(lease, self.teardown.clock())

        return fenced(held, STARTS)

    def _now_and_then(self, limit: Limit) -> Limit:
        """A limit that asks a service: neither at every poll, nor so that the work ends with the first refusal."""
        return now_and_then(tolerating(limit, self.teardown.say), self.teardown.clock)

    def _in_time(self, lease: Lease) -> None:
        if self.teardown.clock() < lease.deadline:
            return
        try:  # `burst extend` may have moved its end
            held = self.teardown.table.get(lease.pool).lease(lease.id)
        except CloudError as error:
            raise limit_reached(f"its lease of {self.pool.lease} is over, and no other end can be read") from error
        if held is None or self.teardown.clock() >= held.deadline:
            raise limit_reached(f"its lease of {self.pool.lease} is over")

    def _still_held(self, lease: Lease) -> None:
        record = self.teardown.table.get(lease.pool)
        if record.lease(lease.id) is None or record.state is State.STOPPING:
            raise _ended_elsewhere(lease.pool)

    def _fail(self, lease: Lease, meter: Meter, halt: Halt, problem: BaseException) -> None:
        """Take everything away; what failed because a terminal's Ctrl-C reached the engine, too, is an interruption."""
        cause = problem
        if halt.signal is not None and isinstance(problem, TideformError):
            cause = interrupted(halt.signal)
        self._end(lease, meter, halt, cause)
        if cause is not problem:
            raise cause from problem

    def _end(self, lease: Lease, meter: Meter, halt: Halt, problem: BaseException | None = None) -> Receipt | None:
        """Give the lease back; if that fails after something else did, tell both."""
        try:
            receipt = self.teardown.give_back(lease, asked=lambda: halt.asked)
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
        except CloudError as error:
            self.teardown.say(f"The cost is an under-estimate: {error.diagnostics[0].detail}")


def _ended_elsewhere(pool: str) -> TideformError:
    return RefusedError.of(
        "TD614",
        "The lease was ended by another command",
        detail=f"Somebody's `burst down`, or a brake, has ended this burst of {pool}.",
        fix="`tideform burst status` shows when the pool is idle; then run it again.",
    )


def _not_yours(pool: str, leases: Sequence[Lease]) -> TideformError:
    owners = ", ".join(sorted({lease.owner for lease in leases}))
    return RefusedError.of(
        "TD609",
        "The leases are not yours",
        detail=f"{pool} is held by {owners}, not by {user()}.",
        fix="Ask them, or end everybody's burst with `--all`.",
    )
