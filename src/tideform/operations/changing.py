"""The frame around everything that changes an environment: its lock, its engine, and recovery before the first step.

Plans take no lock and come here only through `apply` and `destroy`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import InterruptedRunError, RefusedError, TerminatedError
from tideform.state.processes import engines_of
from tideform.times import utc

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.engine.pulumi import PulumiEngine
    from tideform.spec.deployment import Deployment
    from tideform.state.lock import Held

Say = Callable[[str], None]


@dataclass(frozen=True)
class Change:
    """One run that may change things: what it works with, for as long as it holds the lock."""

    deployment: Deployment
    engine: PulumiEngine
    cloud: Cloud
    held: Held

    def on_interrupt(self, cause: KeyboardInterrupt) -> None:
        """Ask the engines of this run to finish the step at hand and stop."""
        interrupt_engines(self.held.run, cause)


@contextmanager
def changing(
    deployment: Deployment, operation: str, *, pool: str | None = None, wait: float = 0.0, say: Say = lambda _: None
) -> Iterator[Change]:
    """Hold the lock, settle what a crash left, and let the block change things.

    With ``pool`` the run holds that pool's lock alone and the project's lock shared: bursts of different pools go
    side by side, and none of them beside an apply.

    Raises `LockedError` where another run holds the lock, `RefusedError` where recovery meets what is not ours,
    `InterruptedRunError` on Ctrl-C and SIGTERM once the engines have stopped.
    """
    from tideform.engine.locking import acquire

    with ExitStack() as locks:
        held = locks.enter_context(acquire(deployment, operation, shared=pool is not None, wait=wait, on_wait=say))
        if pool is not None:
            held = locks.enter_context(
                acquire(deployment, operation, name=f"pool-{pool}", wait=wait, run=held.run, on_wait=say)
            )
        with working(deployment, operation, held, pool=pool, say=say) as change:
            yield change


@contextmanager
def working(
    deployment: Deployment, operation: str, held: Held, *, pool: str | None = None, say: Say = lambda _: None
) -> Iterator[Change]:
    """The engine of a run that holds its locks already; raises as `changing` does once those are had."""
    from tideform.connect import cloud_for
    from tideform.engine.connect import connect_engine
    from tideform.operations.astray import refuse_anothers_table

    engine = connect_engine(deployment, say=say, environ=held.environ, pool=pool)
    if pool is None:
        refuse_anothers_table(deployment, engine)
    change = Change(deployment, engine, cloud_for(deployment), held)
    if short := change.cloud.short_keys():
        say(short)
    try:
        _recover(change, pool, say, refuse_foreign=operation != "destroy")
        yield change
    except KeyboardInterrupt as cause:
        raise _interrupted(operation, deployment) from cause


def _recover(change: Change, pool: str | None, say: Say, *, refuse_foreign: bool) -> None:
    """Before the first step: what a dead run left pending is taken over or forgotten.

    A name that somebody else has stops what would make things, but not what takes ours away.
    """
    from tideform.engine.recover import recover

    foreign: list[Diagnostic] = []
    for program in change.engine.existing():
        if pool is None or program.unit == pool:
            recovered = recover(change.engine, change.cloud, program)
            foreign += recovered.foreign
            for line in recovered.lines:
                say(f"recovered: {line}")
    if foreign and refuse_foreign:
        raise RefusedError(foreign)
    for diagnostic in foreign:
        say(f"left alone: {diagnostic.detail}")


def end_dead_bursts(change: Change, say: Say, *, wholly: bool = True) -> None:
    """End bursts past their deadline, and those whose process died on this machine.

    Raises `LeftoversError` where something of them stays; not ``wholly``: that is told, and left to the reaper.
    """
    from tideform.burst.clearance import Hooks
    from tideform.burst.reconcile import reconcile
    from tideform.operations.teardown import remove, standing

    hooks = Hooks(destroy=lambda pool: remove(change, standing(change.engine, pool)))
    for line in reconcile(change.cloud, change.deployment, hooks, say=say, own=None if wholly else ""):
        say(f"recovered: {line}")


def mend_reaper(change: Change, say: Say) -> None:
    """Put the reaper's code back where it is other code; what else is wrong with it, the apply puts right."""
    from tideform.burst.reaper_code import put_code_back

    if change.deployment.spec.training and (done := put_code_back(change.cloud, change.deployment)):
        say(f"recovered: {done}")


def refuse_living_leases(change: Change) -> None:
    """Raise `RefusedError` while a burst holds capacity: its end comes before the end of what it stands on."""
    from tideform.burst.reconcile import live_leases
    from tideform.process import user

    diagnostics = [
        Diagnostic(
            "TD332",
            Severity.ERROR,
            "A burst still holds capacity",
            detail=f"{lease.pool}: a lease of {lease.owner} runs until {utc(lease.deadline)}.",
            fix=f"End it first: `tideform jobs cancel {lease.job_name}`."
            if lease.alone
            else f"End it first: `tideform burst down {lease.pool}{'' if lease.owner == user() else ' --all'}`.",
        )
        for lease in live_leases(change.cloud, change.deployment)
    ]
    if diagnostics:
        raise RefusedError(diagnostics)


def _interrupted(operation: str, deployment: Deployment) -> InterruptedRunError:
    return InterruptedRunError(
        Diagnostic(
            "TD390",
            Severity.ERROR,
            "The run was interrupted",
            detail=f"{operation} of {deployment.name} stopped after the step at hand; what was done is in the state.",
            fix=f"`tideform {operation}` goes on where it stopped, `tideform destroy` removes what is there.",
        )
    )


def interrupt_engines(run: str, cause: KeyboardInterrupt) -> None:
    """Ask every engine of the run to stop, unless the terminal has done so already.

    Ctrl-C there reaches the engines as well, which are in the same process group, and a second signal would make them
    drop what they are doing.
    """
    if not isinstance(cause, TerminatedError) and _at_terminal():
        return
    for pid in engines_of(run):
        try:
            os.kill(pid, signal.SIGINT)
        except ProcessLookupError:
            continue  # it went by itself


def _at_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
