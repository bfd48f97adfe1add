"""What befalls the command line of a burst: killed, frozen, woken late, its terminal or its pipe gone."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.e2e.workspaces import Running, until
from tests.faults.dead_man.attached import Attached
from tests.faults.dead_man.backends import POOL
from tests.faults.dead_man.moments import Moment
from tests.faults.dead_man.trial import Trial, machines, now
from tideform.burst.table import LeaseTable

_OTHER = "somebody-else"
_SECOND_WORKS = "Running "
_SECOND_WAITS = "Waiting: "  # for the lock, which a process of the same machine has as long as it lives


@dataclass(frozen=True)
class Fault:
    """One kind of mishap. ``play`` lets it happen and the time go by; it answers with what it saw go wrong.

    ``moments`` chooses among the steps and the engine's events of a burst; ``alone`` tells whether one brake at a time
    is tried against it. What is left is asked afterwards; ``metered``: the meter is held against the bill, too.
    """

    name: str
    head: str
    how: str
    play: Callable[[Trial], str]
    moments: Callable[[Sequence[Moment], Sequence[Moment]], Sequence[Moment]] = lambda steps, events: [*steps, *events]
    alone: bool = False
    metered: bool = True


def _killed(trial: Trial) -> str:
    trial.kill()
    trial.alone()
    trial.settled()
    trial.pass_time()
    return ""


def _frozen(trial: Trial) -> str:
    """The one call comes late by hours, and then there is nobody any more."""
    burst = trial.stop(die=True)
    trial.alone()
    trial.pass_time()
    burst.signal(signal.SIGCONT)
    assert burst.ended() == -signal.SIGKILL, f"it was not killed: {burst.stderr}"
    trial.settled()
    trial.pass_time(since=now(trial.workspace))
    return ""


def _woken(trial: Trial) -> str:
    """It has to see by itself that its time is over."""
    burst = trial.stop()
    trial.pass_time()
    burst.signal(signal.SIGCONT)
    burst.ended()
    trial.settled()
    return record_says(trial)


def _overtaken(trial: Trial) -> str:
    first = trial.stop()
    trial.pass_time()
    command = ("burst", "run", POOL, "--", *trial.case.for_good)
    second = trial.workspace.start(*command, TIDEFORM_OWNER=_OTHER)
    until(lambda: _works(trial, second) or _SECOND_WAITS in second.stderr, "the second burst has its machines")
    first.signal(signal.SIGCONT)
    first.ended()
    if _SECOND_WAITS in second.stderr:
        until(lambda: _works(trial, second), "the second burst has its machines")
    problem = "" if second.process.poll() is None else f"the second burst was ended: {second.stderr[-300:]}"
    if not machines(trial.workspace):
        problem = problem or "the machines of the second burst were taken away"
    if second.process.poll() is None:
        second.signal(signal.SIGINT)
    second.ended()
    return problem or record_says(trial)


def _works(trial: Trial, burst: Running) -> bool:
    """Whether it has its machines, or has ended without."""
    ended = burst.process.poll() is not None
    return ended or (_SECOND_WORKS in f"{burst.stdout}{burst.stderr}" and machines(trial.workspace) > 0)


def _detached(*, terminal: bool) -> Callable[[Trial], str]:
    def play(trial: Trial) -> str:
        job = trial.job if terminal else trial.case.short
        command = ("--stop", trial.moment.before, "burst", "run", POOL, "--", *job)
        with Attached.started(trial.workspace, command, terminal=terminal) as burst:
            until(lambda: burst.stopped or burst.over, trial.moment.before)
            assert not burst.over, f"{trial.moment.before} never came: {burst.said}"
            burst.let_go()
            os.kill(burst.process.pid, signal.SIGCONT)
            burst.wait()
        trial.settled()
        return record_says(trial)

    return play


def record_says(trial: Trial) -> str:
    """The pool's record has to say what is so: nothing, and by nobody."""
    record = LeaseTable.of(trial.workspace.cloud, trial.workspace.deployment).get(POOL)
    held = ", ".join(lease.id for lease in record.leases)
    return (
        f"its record says {record.state}, held by {held or 'nobody'}" if record.leases or record.state != "idle" else ""
    )


def _steps(steps: Sequence[Moment], _events: Sequence[Moment]) -> Sequence[Moment]:
    return steps


def _on_the_way_down(steps: Sequence[Moment], _events: Sequence[Moment]) -> Sequence[Moment]:
    return [moment for moment in steps if not moment.working]


KILLED = Fault("killed", "killed after", "", _killed, alone=True)
FROZEN = Fault(
    "frozen and killed",
    "frozen before",
    "The command line is stopped before a step, as by a laptop that sleeps. After the deadline and the brake's time it "
    "wakes up, does that one step, and is killed; then the brake has its time once more.",
    _frozen,
)
WOKEN = Fault(
    "frozen and woken",
    "frozen before",
    "The command line is stopped before a step, wakes up after the deadline and the brake's time, and goes on. By its "
    "end nothing may be left, and the pool's record has to say so.",
    _woken,
    _steps,
)
OVERTAKEN = Fault(
    "frozen in its teardown, and overtaken",
    "frozen before",
    "The command line is stopped in its own teardown. The reaper finishes it, somebody else bursts, and the first one "
    "wakes up and goes on: the second one's burst goes on, too.",
    _overtaken,
    _on_the_way_down,
)
PIPE = Fault(
    "its pipe closed",
    "closed before",
    "What reads the command's output ends, as `| tee log` does. The burst ends in order all the same.",
    _detached(terminal=False),
    _steps,
)
TERMINAL = Fault(
    "its terminal closed",
    "closed before",
    "The terminal that the command runs in is closed (SIGHUP, and no stream to write to). The burst ends in order.",
    _detached(terminal=True),
    _steps,
)
ON_THE_COMMAND = (FROZEN, WOKEN, OVERTAKEN, PIPE, TERMINAL)
