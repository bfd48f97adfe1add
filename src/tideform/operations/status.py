"""What stands right now: stacks, the sandbox, leases, and who holds the lock. Starts and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from tideform.burst.ownerless import Sighted
from tideform.diagnostics import Diagnostic
from tideform.errors import CloudError, TideformError
from tideform.model.programs import in_order, programs
from tideform.operations.capacity import STATE, Capacity, capacity, state_of
from tideform.operations.left_behind import left_findings
from tideform.unasked import NO_GAPS, Gaps, each

if TYPE_CHECKING:
    from tideform.burst.lease import PoolRecord
    from tideform.model.engine import Program
    from tideform.spec.deployment import Deployment
    from tideform.state.backend import Backend
    from tideform.state.lock.record import Holder

STACKS: Final = "stacks"  # parts that can give no answer, beside those of `operations.capacity`
OTHER_NAMES: Final = "what stands under other names"
LOCK: Final = "lock"


@dataclass(frozen=True)
class StackStatus:
    """One program: how many resources stand, how many operations a crash left open, when it last changed.

    ``standing`` is None where nobody could tell: ``unknown`` says why.
    """

    program: str
    declared: bool  # whether the spec still names it
    standing: bool | None
    resources: int = 0
    pending: int = 0
    changed: str = ""  # RFC 3339
    dormant: bool = False  # a pool that stands during a burst only
    waits_for: str = ""  # why an apply would put it off
    unknown: str = ""


@dataclass(frozen=True)
class SandboxStatus:
    """The local target's sandbox, if there is one."""

    running: bool
    lost: bool = False  # the stacks were applied to one that has ended since: nothing of them exists
    endpoint: str = ""
    pid: int = 0


@dataclass(frozen=True)
class Status:
    """Everything that `tideform status` tells; None: nobody could tell."""

    deployment: Deployment
    stacks: tuple[StackStatus, ...] | None
    sandbox: SandboxStatus | None  # None for the target aws
    pools: tuple[PoolRecord, ...] | None
    holders: tuple[Holder, ...] | None
    warnings: tuple[Diagnostic, ...] = ()  # what is wrong with the state or the lease table, or with what acts on it
    unheld: Sighted = Sighted()  # noqa: RUF009  # frozen; what costs money, or would, and no lease holds
    gaps: Gaps = NO_GAPS  # what could not be looked at


def status(deployment: Deployment) -> Status:
    """Ask the state, the sandbox, the lease table and the lock; what one of them refuses hides none of the others."""
    sandbox = _sandbox(deployment)
    gone = sandbox is not None and (sandbox.lost or not sandbox.running)
    state, unread = state_of(deployment)
    stacks, unknown = _stacks(state)
    held = Capacity() if gone else capacity(deployment, state, unread)
    holders, locked = _holders(deployment)
    left, unseen = _left(deployment, state)
    gaps = _once(unread + held.gaps, unknown) + locked + unseen
    return Status(
        deployment=deployment,
        stacks=stacks,
        sandbox=sandbox,
        pools=None if held.records is None else _busy(held.records),
        holders=holders,
        warnings=(*left, *held.warnings, *gaps.problems),
        unheld=held.seen,
        gaps=gaps,
    )


def _stacks(state: Backend) -> tuple[tuple[StackStatus, ...] | None, Gaps]:
    from tideform.plan.deferred import deferred_units

    declared = {} if state.deployment.left else {p.key: p for p in programs(state.deployment)}
    try:
        known = in_order((declared | {p.key: p for p in state.existing()}).values())
    except CloudError as unread:
        return None, Gaps.of(STACKS, unread)
    found, gaps = each({f"stack {p.key}": partial(_stack, state, p, declared=p.key in declared) for p in known})
    why = {one.what: one.reason for one in gaps.all}
    unknown = {f"stack {p.key}": StackStatus(p.key, p.key in declared, None) for p in known}
    reasons = {d.program: d.reason for d in deferred_units(state.deployment)}
    several = (
        replace(found.get(name, blank), unknown=why.get(name, ""), waits_for=reasons.get(blank.program, ""))
        for name, blank in unknown.items()
    )
    return tuple(several), gaps


def _once(gaps: Gaps, stacks: Gaps) -> Gaps:
    """All of it; of the state as a whole only what is in none of its stacks."""
    rest = Gaps(
        tuple(one for one in gaps.unasked if one.what != STATE),
        tuple(one for one in gaps.unreadable if one.what != STATE),
        gaps.problems,
    )
    return stacks + (rest if stacks else gaps)


def _stack(backend: Backend, of: Program, *, declared: bool) -> StackStatus:
    state = backend.checkpoint(of)
    if state is None:
        return StackStatus(of.key, declared, standing=False, dormant=_sleeps(backend.deployment, of))
    count = sum(bool(r.get("custom")) and not r["type"].startswith("pulumi:") for r in state.resources)
    return StackStatus(of.key, declared, True, count, len(state.pending), state.time)


def _sleeps(deployment: Deployment, of: Program) -> bool:
    pool = deployment.spec.training.get(of.unit or "") if of.layer == "training" else None
    return pool is not None and pool.between_bursts == "remove"


def _sandbox(deployment: Deployment) -> SandboxStatus | None:
    if deployment.target != "local":
        return None
    from tideform.local.client import find

    found = find(deployment.workspace)
    lost = _lost(deployment)
    return SandboxStatus(False, lost) if found is None else SandboxStatus(True, lost, found.endpoint, found.pid)


def _lost(deployment: Deployment) -> bool:
    from tideform.errors import SandboxError
    from tideform.local.client import check_boot

    try:
        check_boot(deployment.workspace, deployment.environment)
    except SandboxError:
        return True
    return False


def _left(deployment: Deployment, state: Backend) -> tuple[tuple[Diagnostic, ...], Gaps]:
    try:
        return left_findings(deployment, state, brings=False), NO_GAPS
    except CloudError as unread:
        return (), Gaps.of(OTHER_NAMES, unread)


def _holders(deployment: Deployment) -> tuple[tuple[Holder, ...] | None, Gaps]:
    """Who holds the lock, or why nobody can tell."""
    from tideform.engine.locking import lock_of

    try:
        return lock_of(deployment).holders(), NO_GAPS
    except TideformError as error:
        return None, Gaps.of(LOCK, error)


def _busy(records: Iterable[PoolRecord]) -> tuple[PoolRecord, ...]:
    """The pools that are not idle."""
    return tuple(sorted((one for one in records if one.held or one.count), key=lambda record: record.pool))
