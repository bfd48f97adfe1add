"""What stands right now: stacks, the sandbox, leases, and who holds the lock. Starts and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tideform.engine.backend import Backend
from tideform.plan.leases import lease_table, reaper_findings
from tideform.plan.programs import in_order, programs

if TYPE_CHECKING:
    from tideform.burst.lease import PoolRecord
    from tideform.burst.ownerless import Ownerless
    from tideform.burst.table import LeaseTable
    from tideform.diagnostics import Diagnostic
    from tideform.engine.base import Program
    from tideform.engine.lock.record import Holder
    from tideform.spec.deployment import Deployment


@dataclass(frozen=True)
class StackStatus:
    """One program: how many resources stand, how many operations a crash left open, when it last changed."""

    program: str
    declared: bool  # whether the spec still names it
    standing: bool
    resources: int = 0
    pending: int = 0
    changed: str = ""  # RFC 3339
    dormant: bool = False  # a pool that stands during a burst only
    waits_for: str = ""  # why an apply would put it off


@dataclass(frozen=True)
class SandboxStatus:
    """The local target's sandbox, if there is one."""

    running: bool
    lost: bool = False  # the stacks were applied to one that has ended since: nothing of them exists
    endpoint: str = ""
    pid: int = 0


@dataclass(frozen=True)
class Status:
    """Everything that `tideform status` tells."""

    deployment: Deployment
    stacks: tuple[StackStatus, ...]
    sandbox: SandboxStatus | None  # None for the target aws
    pools: tuple[PoolRecord, ...]
    holders: tuple[Holder, ...]
    warnings: tuple[Diagnostic, ...] = ()  # what is wrong with the lease table, or with what acts on it
    unheld: tuple[Ownerless, ...] = ()  # what costs money, or would, and no lease holds


def status(deployment: Deployment) -> Status:
    """Ask the state, the sandbox, the lease table and the lock."""
    from tideform.engine.lock import lock_of

    sandbox = _sandbox(deployment)
    table = None if sandbox is not None and (sandbox.lost or not sandbox.running) else _table(deployment)
    return Status(
        deployment=deployment,
        stacks=_stacks(deployment),
        sandbox=sandbox,
        pools=() if table is None else _pools(table),
        holders=lock_of(deployment).holders(),
        warnings=() if table is None else _warnings(table, deployment),
        unheld=() if table is None else _unheld(table, deployment),
    )


def _stacks(deployment: Deployment) -> tuple[StackStatus, ...]:
    backend = Backend.of(deployment)
    from tideform.plan.deferred import deferred_units

    declared = {p.key: p for p in programs(deployment)}
    reasons = {d.program: d.reason for d in deferred_units(deployment)}
    known = declared | {p.key: p for p in backend.existing()}
    stacks = (_stack(backend, p, declared=p.key in declared) for p in in_order(known.values()))
    return tuple(replace(stack, waits_for=reasons.get(stack.program, "")) for stack in stacks)


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
    from tideform.sandbox.client import find

    found = find(deployment.workspace)
    lost = _lost(deployment)
    return SandboxStatus(False, lost) if found is None else SandboxStatus(True, lost, found.endpoint, found.pid)


def _lost(deployment: Deployment) -> bool:
    from tideform.errors import SandboxError
    from tideform.sandbox.client import check_boot

    try:
        check_boot(deployment.workspace, deployment.environment)
    except SandboxError:
        return True
    return False


def _table(deployment: Deployment) -> LeaseTable | None:
    return lease_table(deployment, Backend.of(deployment))


def _warnings(table: LeaseTable, deployment: Deployment) -> tuple[Diagnostic, ...]:
    """What is wrong with the table's items, and with the reaper that acts on them."""
    return (*table.unreadable(), *reaper_findings(table.cloud, deployment))


def _pools(table: LeaseTable) -> tuple[PoolRecord, ...]:
    """The pools that are not idle."""
    return tuple(sorted((r for r in table.all() if r.held or r.count), key=lambda record: record.pool))


def _unheld(table: LeaseTable, deployment: Deployment) -> tuple[Ownerless, ...]:
    from tideform.burst.ownerless import ownerless

    return ownerless(table.cloud, deployment)
