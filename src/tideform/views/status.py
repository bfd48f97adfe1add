"""What stands, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tideform.operations.by_itself import REAPER, STARTERS
from tideform.operations.capacity import BURSTS, STATE
from tideform.operations.status import LOCK, OTHER_NAMES, STACKS
from tideform.times import utc
from tideform.views.diagnostics import as_json
from tideform.views.lines import Line, plain
from tideform.views.unasked import gaps_json, unasked_lines
from tideform.views.unheld import unheld_json, unheld_lines
from tideform.words import counted

if TYPE_CHECKING:
    from tideform.burst.lease import Lease
    from tideform.operations.status import SandboxStatus, StackStatus, Status
    from tideform.spec.deployment import Deployment


def status_lines(status: Status) -> Iterator[Line]:
    """Stacks, sandbox, bursts and the lock, each in a paragraph."""
    about = status.deployment
    yield plain(f"{about.name} (target {about.target}, {about.region}, account {about.account})", style="bold")
    stacks = status.stacks or ()
    width = max((len(s.program) for s in stacks), default=0)
    for stack in stacks:
        yield Line(f"{stack.program:<{width}}  {_stack(stack, about)}")
    yield from _lacking(status, STACKS, STATE, OTHER_NAMES)
    if status.sandbox is not None:
        yield plain(f"Sandbox: {_sandbox(status.sandbox)}")
    yield from _bursts(status)
    yield from _lock(status)


def status_json(status: Status) -> dict[str, Any]:
    """The same facts for programs; times in RFC 3339; null where nobody could tell."""
    about = status.deployment
    return {
        "project": about.spec.project,
        "environment": about.environment,
        "target": about.target,
        "account": about.account,
        "region": about.region,
        "stacks": None if status.stacks is None else [vars(s) for s in status.stacks],
        "sandbox": None if status.sandbox is None else vars(status.sandbox),
        "unheld": unheld_json(status.unheld),
        "bursts": None if status.pools is None else [_lease_json(lease) for p in status.pools for lease in p.leases],
        "lock": None
        if status.holders is None
        else [
            {"who": h.who, "operation": h.operation, "pid": h.process.pid, "since": utc(h.since)}
            for h in status.holders
        ],
        "warnings": as_json(status.warnings),
        **gaps_json(status.gaps),
    }


def _lacking(status: Status, *parts: str) -> Iterator[Line]:
    """What could not be looked at of these parts."""
    return unasked_lines((one for one in status.gaps.all if one.what in parts), depth=-1)


def _bursts(status: Status) -> Iterator[Line]:
    yield from _lacking(status, BURSTS)
    if status.pools is not None:
        leases = [lease for pool in status.pools for lease in pool.leases]
        yield plain(f"Bursts: {len(leases) or 'none'}")
        yield from (Line(_lease(lease)) for lease in leases)
        yield from unasked_lines(one for one in status.gaps.unreadable if one.what.startswith("pool "))
    yield from _lacking(status, REAPER, STARTERS)
    yield from unheld_lines(status.unheld)


def _lock(status: Status) -> Iterator[Line]:
    yield from _lacking(status, LOCK)
    if status.holders is None:
        return
    yield plain("Lock: free" if not status.holders else "Lock: held")
    for holder in status.holders:
        yield Line(f"by {holder.who} for {holder.operation}, process {holder.process.pid}, since {utc(holder.since)}")


def _stack(stack: StackStatus, about: Deployment) -> str:
    if stack.standing is None:
        return stack.unknown
    if not stack.standing:
        return _absent(stack)
    parts = [counted(stack.resources, "resource")]
    if stack.changed:
        parts.append(f"last changed {utc(datetime.fromisoformat(stack.changed).timestamp())}")
    if stack.pending:
        parts.append(f"{stack.pending} left open by a crash: the next apply or destroy settles them")
    if stack.waits_for:
        parts.append(f"but {stack.waits_for}")
    if not stack.declared:
        end = f"`destroy -e {about.environment}` takes it down" if about.left else "the next apply removes it"
        parts.append(f"no longer in the spec: {end}")
    return ", ".join(parts)


def _absent(stack: StackStatus) -> str:
    if stack.waits_for:
        return f"deferred: {stack.waits_for}"
    return "dormant until a burst" if stack.dormant else "not applied"


def _sandbox(sandbox: SandboxStatus) -> str:
    where = f"running at {sandbox.endpoint} (process {sandbox.pid})" if sandbox.running else "not running"
    if not sandbox.lost:
        return where
    return f"{where}; the one that this was applied to has ended, and all of it is gone: `tideform sandbox reset`"


def _lease(lease: Lease) -> str:
    cap = f", at most {lease.cap_usd} USD" if lease.cap_usd is not None else ""
    return f"{lease.pool}: {lease.id} of {lease.owner}, until {utc(lease.deadline)}{cap}"


def _lease_json(lease: Lease) -> dict[str, Any]:
    return {
        "pool": lease.pool,
        "lease": lease.id,
        "owner": lease.owner,
        "deadline": utc(lease.deadline),
        "cap_usd": None if lease.cap_usd is None else str(lease.cap_usd),
    }
