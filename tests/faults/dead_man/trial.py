"""What a cell is played with: a workspace, the burst in it, its moment, and what is asked of the sandbox about it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.workspaces import Running, Workspace, until
from tests.faults.dead_man.backends import POOL, Case
from tests.faults.dead_man.brakes import Brake, advance
from tests.faults.dead_man.moments import Moment
from tests.faults.random_kills import marked
from tideform.burst.table import LeaseTable
from tideform.local import client
from tideform.reaper.ledger import Ledger
from tideform.reaper.prices import SpotPrices

KILLED_AT = "tests.faults.killed_at"
_BURSTS = 5


@dataclass(frozen=True)
class Trial:
    """One play of one moment. ``undo`` puts right at its end what was switched off or broken for it."""

    workspace: Workspace
    case: Case
    brake: Brake
    moment: Moment
    undo: ExitStack

    @property
    def job(self) -> Sequence[str]:
        """A job that is at work at the moment, or one that ends, where the moment comes after its end."""
        return self.case.for_good if self.moment.working else self.case.short

    def start(self, *how: str, job: Sequence[str] | None = None) -> Running:
        """A burst of the pool, armed as `tests.faults.killed_at` takes it."""
        command = (*how, "burst", "run", POOL, "--", *(job or self.job))
        return self.workspace.start_by(KILLED_AT, *command)

    def kill(self) -> None:
        """Let a burst die at the moment. Raises `AssertionError` where that never came.

        Who ends a machine first, Karpenter or tideform, is a matter of luck: a burst that ran through is followed by
        another.
        """
        for _ in range(_BURSTS):
            burst = self.start(self.moment.text)
            if burst.ended() == -signal.SIGKILL:
                return
            said = f"{burst.stdout}{burst.stderr}"
            assert burst.process.returncode == 0, f"{self.moment.text} never came: {said}"
        raise AssertionError(f"{self.moment.text} came in none of {_BURSTS} bursts")

    def stop(self, *, die: bool = False) -> Running:
        """Let a burst be stopped right before the moment's step, as `kill` does."""
        how = ("--stop", self.moment.before, *(["--die"] if die else []))
        for _ in range(_BURSTS):
            burst = self.start(*how)
            until(lambda burst=burst: stopped(burst) or burst.process.poll() is not None, self.moment.before)  # type: ignore[misc]
            if burst.process.returncode is None:
                return burst
            said = f"{burst.stdout}{burst.stderr}"
            assert burst.process.returncode == 0, f"{self.moment.before} never came: {said}"
        raise AssertionError(f"{self.moment.before} came in none of {_BURSTS} bursts")

    def alone(self) -> None:
        """Switch every other brake off, until the end of the trial."""
        for other in (*self.case.brakes, *self.case.off):
            if other is not self.brake:
                self.undo.callback(other.switch, self.workspace, True)
                other.switch(self.workspace, False)

    def settled(self) -> None:
        """Wait until nothing that the command had started runs any more."""
        with told(lambda: f"still at work: {', '.join(map(_called, marked(self.workspace.root)))}"):
            until(lambda: not marked(self.workspace.root), "what the command had started ends")

    def pass_time(self, since: float | None = None) -> None:
        """Let the brake's time go by: from the deadline on, or from ``since``."""
        self.brake.begin(self.workspace)
        begin = deadline(self.workspace, self.case) if since is None else since
        self.brake.wait(self.workspace, begin + self.brake.bound)


@contextmanager
def told(more: Callable[[], str]) -> Iterator[None]:
    """Say more where something does not come."""
    try:
        yield
    except AssertionError as error:
        raise AssertionError(f"{error}; {more()}") from None


def _called(pid: int) -> str:
    try:
        return f"{pid} {Path(f'/proc/{pid}/cmdline').read_bytes().replace(bytes(1), b' ').decode()[:200]}"
    except OSError:
        return f"{pid}, which has ended now"


def stopped(burst: Running) -> bool:
    """Whether the process has been stopped by a signal."""
    if burst.process.poll() is not None:
        return False
    return os.waitid(os.P_PID, burst.process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None


def deadline(workspace: Workspace, case: Case, pool: str = POOL) -> float:
    """The latest deadline of the pool's leases; without any, that of one that began now."""
    leases = LeaseTable.of(workspace.cloud, workspace.deployment).get(pool).leases
    return max((lease.deadline for lease in leases), default=now(workspace) + case.lease)


def now(workspace: Workspace) -> float:
    """The sandbox's time."""
    return workspace.cloud.clock()


def go_on(workspace: Workspace, seconds: float) -> None:
    """Let so much time go by."""
    advance(workspace, now(workspace) + seconds)


def machines(workspace: Workspace, pool: str = POOL) -> int:
    """Machines of the pool that cost money now, by the sandbox's own account."""
    found = client.bill(workspace.folder)["machines"]
    return sum(m["count"] for m in found if m["ended"] is None and m["tags"].get("tideform:unit") == pool)


def bill(workspace: Workspace) -> float:
    """What the pool has cost so far, by the sandbox's own account, in USD."""
    return float(client.bill(workspace.folder)["pools"].get(POOL, 0.0))


def meter(workspace: Workspace) -> float:
    """What the pool has cost so far, by tideform's meter, in USD."""
    table = LeaseTable.of(workspace.cloud, workspace.deployment)
    return Ledger(table.items, SpotPrices(workspace.cloud)).read(table.identity(POOL)).usd
