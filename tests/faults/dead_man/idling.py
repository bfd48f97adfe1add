"""Capacity on which nothing runs: `idle_timeout` ends it, long before its lease is over."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

from tests.faults.dead_man.backends import POOL
from tests.faults.dead_man.faults import Fault, record_says
from tests.faults.dead_man.moments import Moment
from tests.faults.dead_man.trial import Trial, deadline, go_on, machines, now


def _over(trial: Trial) -> str:
    """The job has ended, and nobody is there to take its machine away."""
    burst = trial.stop()
    os.kill(burst.process.pid, signal.SIGKILL)
    burst.process.wait()
    trial.settled()
    return _idle(trial)


def _held(trial: Trial) -> str:
    """Somebody has brought machines up, and forgotten them."""
    done = trial.workspace.run("burst", "up", POOL)
    assert done.returncode == 0, done.stderr
    return _idle(trial)


def _idle(trial: Trial) -> str:
    """Let it stand idle for as long as it may, and then the time that the brake may take: all before the deadline."""
    assert machines(trial.workspace), "nothing stands that could be idle"
    assert trial.case.idle is not None
    trial.alone()
    ends = deadline(trial.workspace, trial.case)
    go_on(trial.workspace, trial.case.idle + trial.brake.bound)
    assert now(trial.workspace) < ends - trial.brake.bound, "its lease is over, which would end it as well"
    return record_says(trial)


def _first_step_down(steps: Sequence[Moment], _events: Sequence[Moment]) -> Sequence[Moment]:
    return [moment for moment in steps if not moment.working][:1]


OVER = Fault(
    "killed with its job over",
    "killed before",
    "The command line is killed when its job has ended, before it begins to take anything away. The lease goes on for "
    "hours; `idle_timeout` (ten minutes) and the ten minutes of a brake later nothing is left.",
    _over,
    _first_step_down,
)
HELD = Fault(
    "held by nobody's work",
    "instead of",
    "`burst up` has brought machines in, and nobody works on them. As above.",
    _held,
    _first_step_down,
)
IDLING = (OVER, HELD)
