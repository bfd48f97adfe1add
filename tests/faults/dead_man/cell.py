"""One cell of the table: a burst, a mishap at one moment, one brake, and what is there when its time is over."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass

from tests.e2e.workspaces import Workspace
from tests.faults.dead_man.backends import POOL, Case
from tests.faults.dead_man.brakes import Brake
from tests.faults.dead_man.faults import Fault
from tests.faults.dead_man.moments import Moment
from tests.faults.dead_man.trial import Trial, bill, machines, meter
from tideform.burst.receipt import capacity_receipt

TOLERANCE = 0.02


@dataclass(frozen=True)
class Row:
    """What is tried at one moment after the other."""

    case: Case
    fault: Fault
    brake: Brake

    @property
    def name(self) -> str:
        """``batch / killed / the reaper alone``."""
        return f"{self.case.name} / {self.fault.name} / {self.brake.name}"


@dataclass(frozen=True)
class Outcome:
    """What is there at the end. Dollars are of this cell alone; ``broken`` is what the play itself saw go wrong."""

    row: Row
    moment: Moment
    runs: int
    leftovers: tuple[str, ...]
    metered: float
    billed: float
    seconds: float
    broken: str = ""

    @property
    def problems(self) -> list[str]:
        """What is wrong; nothing where the promise was kept."""
        found = [self.broken] if self.broken else []
        found += [f"{self.runs} still run"] if self.runs else []
        found += [f"left: {', '.join(self.leftovers)}"] if self.leftovers else []
        if self.row.fault.metered and abs(self.metered - self.billed) > TOLERANCE * self.billed:
            found.append(f"metered {self.metered:.6f} USD where {self.billed:.6f} was billed")
        return found


def play(workspace: Workspace, row: Row, moment: Moment) -> Outcome:
    """Play one cell in a workspace that is applied and idle; leaves it so if it can.

    A cell that could not be played holds nothing.
    """
    began = time.monotonic()
    try:
        return _played(workspace, row, moment)
    except AssertionError as error:
        workspace.run("burst", "down", POOL, "--all")
        return Outcome(row, moment, 0, (), 0.0, 0.0, time.monotonic() - began, f"not played: {error}")


def _played(workspace: Workspace, row: Row, moment: Moment) -> Outcome:
    began = time.monotonic()
    billed, metered = bill(workspace), meter(workspace)
    with ExitStack() as undo:
        broken = row.fault.play(Trial(workspace, row.case, row.brake, moment, undo))
        late = row.brake.late(workspace) if row.fault.alone and row.brake.late else None
        runs = machines(workspace) if late is None else len(late)
        leftovers = _left(workspace, row.case, late)
    for command in (("down", POOL, "--all"), ("reap",)):  # the pool idle again, and its last seconds counted
        done = workspace.run("burst", *command)
        assert done.returncode == 0, done.stderr
    paid, counted = bill(workspace) - billed, meter(workspace) - metered
    return Outcome(row, moment, runs, leftovers, counted, paid, time.monotonic() - began, broken)


def _left(workspace: Workspace, case: Case, late: set[str] | None) -> tuple[str, ...]:
    receipt = capacity_receipt(workspace.cloud, workspace.deployment, POOL)
    assert not receipt.unasked, receipt.unasked
    found = tuple(f"{left.kind} {left.id}" for left in receipt.leftovers if late is None or left.id in late)
    return found + case.also(workspace)
