"""One cell of the table: a burst, its command line killed, one brake alone, and what is there when its time is over."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.workspaces import Running, Workspace, until
from tests.faults.dead_man.backends import POOL, Case
from tests.faults.dead_man.brakes import Brake
from tests.faults.dead_man.moments import Moment
from tests.faults.random_kills import marked
from tideform.burst.reaper.ledger import Ledger
from tideform.burst.reaper.prices import SpotPrices
from tideform.burst.receipt import capacity_receipt
from tideform.burst.table import LeaseTable
from tideform.sandbox import client

KILLED_AT = (sys.executable, "-m", "tests.faults.killed_at")
REPOSITORY = str(Path(__file__).parents[3])
TOLERANCE = 0.02
_BURSTS = 5


@dataclass(frozen=True)
class Outcome:
    """What is there at the end of the brake's time. Dollars are of this cell alone."""

    case: Case
    brake: Brake
    moment: Moment
    runs: int
    leftovers: tuple[str, ...]
    metered: float
    billed: float
    seconds: float
    broken: str = ""

    @property
    def problems(self) -> list[str]:
        """What is wrong; nothing where the brake has kept its word, and the cell was ``broken`` by nothing else."""
        found = [self.broken] if self.broken else []
        found += [f"{self.runs} still run"] if self.runs else []
        found += [f"left: {', '.join(self.leftovers)}"] if self.leftovers else []
        if abs(self.metered - self.billed) > TOLERANCE * self.billed:
            found.append(f"metered {self.metered:.6f} USD where {self.billed:.6f} was billed")
        return found


def play(workspace: Workspace, case: Case, brake: Brake, moment: Moment) -> Outcome:
    """Play one cell in a workspace that is applied and idle; leaves it so if it can.

    A cell that could not be played holds nothing.
    """
    began = time.monotonic()
    try:
        return _played(workspace, case, brake, moment)
    except AssertionError as error:
        workspace.run("burst", "down", POOL, "--all")
        return Outcome(case, brake, moment, 0, (), 0.0, 0.0, time.monotonic() - began, f"not played: {error}")


def _played(workspace: Workspace, case: Case, brake: Brake, moment: Moment) -> Outcome:
    began = time.monotonic()
    billed, metered = bill(workspace), meter(workspace)
    kill(workspace, case, moment)
    others = [other for other in (*case.brakes, *case.off) if other is not brake]
    for other in others:
        other.switch(workspace, False)
    until(lambda: not marked(workspace.root), "what the command had started ends")
    try:
        brake.begin(workspace)
        brake.wait(workspace, deadline(workspace, case) + brake.bound)
        late = brake.late(workspace) if brake.late else None
        runs = running(workspace) if late is None else len(late)
        receipt = capacity_receipt(workspace.cloud, workspace.deployment, POOL)
        leftovers = tuple(f"{left.kind} {left.id}" for left in receipt.leftovers if late is None or left.id in late)
        leftovers += case.also(workspace)
        assert not receipt.unasked, receipt.unasked
    finally:
        for other in others:
            other.switch(workspace, True)
    for command in (("down", POOL, "--all"), ("reap",)):  # the pool idle again, and its last seconds counted
        done = workspace.run("burst", *command)
        assert done.returncode == 0, done.stderr
    paid, counted = bill(workspace) - billed, meter(workspace) - metered
    return Outcome(case, brake, moment, runs, leftovers, counted, paid, time.monotonic() - began)


def kill(workspace: Workspace, case: Case, moment: Moment) -> None:
    """Start a burst and let it die at the moment. Raises `AssertionError` where the moment never came.

    Who ends a machine first, Karpenter or tideform, is a matter of luck: a burst that ran through is followed by
    another.
    """
    for _ in range(_BURSTS):
        burst = start(workspace, moment.text, case.for_good if moment.working else case.short)
        if burst.ended() == -signal.SIGKILL:
            return
        assert burst.process.returncode == 0, f"{moment.text} never came: {burst.stdout}{burst.stderr}"
    raise AssertionError(f"{moment.text} came in none of {_BURSTS} bursts")


def start(workspace: Workspace, moment: str, job: Sequence[str]) -> Running:
    """A burst of the pool that dies at a moment."""
    return workspace.start(moment, "burst", "run", POOL, "--", *job, program=KILLED_AT, PYTHONPATH=REPOSITORY)


def deadline(workspace: Workspace, case: Case) -> float:
    """The latest deadline of the pool's leases; without any, that of one that began now."""
    leases = LeaseTable.of(workspace.cloud, workspace.deployment).get(POOL).leases
    return max((lease.deadline for lease in leases), default=now(workspace) + case.lease)


def now(workspace: Workspace) -> float:
    """The sandbox's time."""
    return workspace.cloud.clock()


def running(workspace: Workspace) -> int:
    """Machines of the pool that cost money now, by the sandbox's own account."""
    found = client.bill(workspace.folder)["machines"]
    return sum(m["count"] for m in found if m["ended"] is None and m["tags"].get("tideform:unit") == POOL)


def bill(workspace: Workspace) -> float:
    """What the pool has cost so far, by the sandbox's own account, in USD."""
    return float(client.bill(workspace.folder)["pools"].get(POOL, 0.0))


def meter(workspace: Workspace) -> float:
    """What the pool has cost so far, by tideform's meter, in USD."""
    table = LeaseTable.of(workspace.cloud, workspace.deployment)
    return Ledger(table.items, SpotPrices(workspace.cloud)).read(table.identity(POOL)).usd
