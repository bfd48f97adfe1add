"""One job, found by its name and ended; with it its capacity, where its lease is its own."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial

from tideform.burst.chronicle import End
from tideform.burst.halt import Halt, halting
from tideform.burst.history.runs import Run
from tideform.burst.lease import Lease, Mode
from tideform.burst.others import not_yours
from tideform.burst.receipt import Receipt
from tideform.burst.teardown import Teardown
from tideform.burst.waiting import Waiting
from tideform.errors import CloudError, RefusedError
from tideform.process import user
from tideform.reaper.history.base import JobState
from tideform.reaper.job_name import LEAST, after_pool
from tideform.reaper.modes import ENDING_WITH_THEIR_JOB
from tideform.spec.suggest import did_you_mean


def chosen(found: Iterable[Run], name: str) -> Run:
    """The run of that name, of that lease, or with a job of that id.

    Of the name or the lease its beginning is enough where it is one run's, and long enough to be no slip: an empty
    variable of a script is the beginning of everything.

    Raises `RefusedError` TD689 where there is none, TD688 where there is more than one.
    """
    several = list(found)
    exact = [run for run in several if name in (run.name, run.lease, *run.ids)]
    begun = exact or [run for run in several if _begins(run, name)]
    if len(begun) == 1:
        return begun[0]
    raise _several(name, begun) if begun else _none(name, several)


def _several(name: str, begun: list[Run]) -> RefusedError:
    return RefusedError.of(
        "TD688",
        "The name is the beginning of several jobs",
        detail=f"{name!r} is the beginning of {len(begun)} jobs of this project and environment.",
        fix=f"Write more of it: {', '.join(run.name for run in begun[:5])}.",
    )


def _none(name: str, known: list[Run]) -> RefusedError:
    return RefusedError.of(
        "TD689",
        "There is no such job",
        detail=f"No job of this project and environment is called {name!r}.",
        fix=did_you_mean(name, [run.name for run in known]) or _LIST,
    )


def _begins(run: Run, name: str) -> bool:
    after = after_pool(name, run.pool)
    lease = name if after is None else after
    return len(lease) >= LEAST and run.lease.startswith(lease)


_GRACE = 30.0  # seconds
_LIST = f"`tideform jobs` lists them; of a name the pool and {LEAST} characters after it are enough."


def ends_its_lease(run: Run) -> bool:
    """Whether its lease is for this job alone: it ends with it. One of `burst up` is for whatever comes."""
    return run.mode in (*ENDING_WITH_THEIR_JOB, Mode.RUN)


def unfinished(run: Run) -> bool:
    """Whether it runs, or may go on.

    A command that holds its lease can be between two members of a sweep, and of a job that could not be asked for
    nobody knows.
    """
    return run.open or (run.held and (run.mode == Mode.RUN or run.state is JobState.UNKNOWN))


def to_be_ended(run: Run) -> bool:
    """Whether anything is left to end: a job, or the capacity of one that is over, until the reaper comes by."""
    return unfinished(run) or (run.held and ends_its_lease(run))


def require_own(run: Run) -> None:
    """Raises `RefusedError` TD609 for what somebody else holds; what began by itself is nobody's."""
    if run.held and run.mode != Mode.SCHEDULE and run.owner not in ("", user()):
        raise not_yours(run.name, [run.owner])


def cancel(teardown: Teardown, run: Run) -> Receipt | None:
    """End the run's jobs, and its lease where that is its own. None: the capacity stays, for others.

    What is over already is left as it is. The lease ends first: a command that runs the job begins nothing more without
    it, and whoever takes over from here ends the job as well.
    """
    lease = teardown.table.get(run.pool).lease(run.lease)
    if lease is None:
        return None
    if not ends_its_lease(run):
        teardown.runner.end_jobs(lease)
        return None
    end = End(f"it was cancelled by {user()}")
    with halting(teardown.say, needs_reader=False) as halt:
        ending = partial(_end_jobs, teardown, lease, halt)
        return teardown.give_back(lease, halt.pause, lambda: halt.asked, end, ending)


def _end_jobs(teardown: Teardown, lease: Lease, halt: Halt) -> None:
    """Ask the jobs to end, and give them a moment: one whose machine goes first is told as failed, and saves nothing.

    What a service refuses here stops no end: the capacity goes all the same.
    """
    until = time.monotonic() + _GRACE
    try:
        teardown.runner.end_jobs(lease)
        waiting = Waiting(teardown.say)
        while any(job.lease == lease.id for job in teardown.runner.jobs()) and time.monotonic() < until:
            waiting.on(f"Waiting for {lease.job_name} to end, for {_GRACE:.0f} seconds at most.")
            halt.wait(teardown.patience.poll)
            if halt.asked:
                return
    except CloudError as refused:
        teardown.say(f"Its jobs could not be ended one by one ({refused}); the capacity goes with them.")
