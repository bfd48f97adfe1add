"""What a command writes down of the jobs whose leases it has ended, before it ends them (`reaper.fates`).

It stops no end, and holds none up for long: where a service refuses, or does not answer, that is told, and written
down where it can be.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tideform.burst.halt import Say
from tideform.burst.history.remember import remembered_jobs
from tideform.burst.lease import Lease, Mode
from tideform.burst.runner import Runner, cloud_errors
from tideform.burst.table import LeaseTable
from tideform.errors import TideformError
from tideform.reaper.base import Handle
from tideform.reaper.brief import TooLongError, briefly
from tideform.reaper.fates import Fate, Fates, fate_of, fates_at_work, fates_of, unlearnt
from tideform.reaper.fence import Check
from tideform.reaper.history.base import JobRecord, JobState, earliest
from tideform.reaper.longest import LONGEST

_OVER = "its burst is over"


@dataclass(frozen=True)
class End:
    """Why a lease ends, in one line, and with which exit code its jobs did where their end was seen.

    ``seen`` is what had become of the jobs of leases before they were ended without a record (`Chronicle.learn`).
    """

    why: str = ""
    code: int | None = None
    seen: dict[str, Fate] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, problem: BaseException | None, code: int | None = None) -> End:
        """Of a burst that ended early, or of one that has come to its end."""
        if not isinstance(problem, TideformError):
            return cls("" if problem is None else f"its command ended with {type(problem).__name__}", code)
        found = problem.diagnostics[0]
        return cls(f"{found.summary}: {found.detail}" if found.detail else found.summary, code)


BY_ITSELF = End()


@dataclass(frozen=True)
class Chronicle:
    """One pool's. ``handle`` is empty where nobody knows what the pool is."""

    pool: str
    runner: Runner
    table: LeaseTable
    handle: Handle
    say: Say
    clock: Callable[[], float]

    def note(self, leases: Iterable[Lease], end: End) -> None:
        """Write down what has become of the jobs of leases that end so."""
        if fates := self._asked(list(leases), end):
            right = {lease: _right(end.seen.get(lease), fate) for lease, fate in fates.items()}
            with self._telling():
                briefly(lambda: self._keep(right))

    def learn(self, leases: Iterable[Lease], end: End) -> None:
        """Put into ``end`` what has become of their jobs, for when that can be written down."""
        unseen = [lease for lease in leases if lease.id not in end.seen]
        end.seen.update(self._asked(unseen, end))

    def _asked(self, leases: list[Lease], end: End) -> dict[str, Fate]:
        modes = {lease.id: str(lease.mode) for lease in leases}
        if not modes:
            return {}
        oldest = earliest(lease.created for lease in leases)
        try:
            return fates_of(briefly(lambda: self._remembered(modes, oldest)), modes, lambda _: end.why, end.code)
        except (TideformError, TooLongError) as error:
            refused = unlearnt(_words(error)) if end.code is None else fate_of([], end.why, end.code)
            return {lease: refused for lease, mode in modes.items() if mode != Mode.UP}

    def note_at_work(self, why: str, mine: Check) -> None:
        """Write down of each lease that an unfinished job names that it is stopped, where the pool's record names none.

        ``mine`` raises `FencedError` where somebody has come while it was looked: some of the jobs would be theirs.
        """
        with self._telling():
            found = briefly(lambda: self._remembered(None, earliest([self.clock() - LONGEST])))
            mine()
            briefly(lambda: self._keep(fates_at_work(found, why)))

    def note_rest(self) -> None:
        """Write down what its backend remembers and nobody has written down, before that is removed with it."""
        with self._telling():
            found = self._remembered(None, 0.0)
            known = self._fates.of(self.table.identity(self.pool))
            of_jobs = {job.lease: str(Mode.UP) for job in found if job.lease}
            unknown = {lease: mode for lease, mode in of_jobs.items() if _may_be_other(known.get(lease))}
            self._keep(fates_of(found, unknown, lambda _: _OVER))

    @property
    def _fates(self) -> Fates:
        return Fates(self.table.items)

    def _remembered(self, leases: Container[str] | None, oldest: float) -> list[JobRecord]:
        if "backend" not in self.handle:
            return []
        return remembered_jobs(self.table.cloud, self.runner, self.handle, self.pool, oldest, leases=leases)

    def _keep(self, fates: dict[str, Fate]) -> None:
        for lease, fate in fates.items():
            self._fates.keep(self.table.identity(self.pool), lease, fate, self.clock())

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            with cloud_errors(f"it was written down what became of the jobs of {self.pool}"):
                yield
        except (TideformError, TooLongError) as error:
            self.say(f"What became of its jobs is not written down: {_words(error)}")


def _right(before: Fate | None, now: Fate) -> Fate:
    """What they were before they were asked to end, unless they have come to a good end all the same."""
    return now if before is None or not before.known or now.state is JobState.SUCCEEDED else before


def _may_be_other(fate: Fate | None) -> bool:
    """Whether what is written down gives way to what a backend remembers."""
    return fate is None or fate.state in (JobState.UNKNOWN, JobState.STOPPED)


def _words(error: TideformError | TooLongError) -> str:
    return error.diagnostics[0].detail if isinstance(error, TideformError) else str(error)
