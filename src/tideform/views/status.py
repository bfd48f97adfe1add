"""What stands, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tideform.times import utc
from tideform.views.lines import Line, plain
from tideform.views.unheld import unheld_json, unheld_lines

if TYPE_CHECKING:
    from tideform.burst.lease import Lease
    from tideform.plan.status import SandboxStatus, StackStatus, Status


def status_lines(status: Status) -> Iterator[Line]:
    """Stacks, sandbox, bursts and the lock, each in a paragraph."""
    about = status.deployment
    yield plain(f"{about.name} (target {about.target}, {about.region}, account {about.account})", style="bold")
    width = max((len(s.program) for s in status.stacks), default=0)
    for stack in status.stacks:
        yield Line(f"{stack.program:<{width}}  {_stack(stack)}")
    if status.sandbox is not None:
        yield plain(f"Sandbox: {_sandbox(status.sandbox)}")
    leases = [lease for pool in status.pools for lease in pool.leases]
    yield plain(f"Bursts: {'none' if not leases else len(leases)}")
    yield from (Line(_lease(lease)) for lease in leases)
    yield from unheld_lines(status.unheld)
    yield plain("Lock: free" if not status.holders else "Lock: held")
    for holder in status.holders:
        yield Line(f"by {holder.who} for {holder.operation}, process {holder.process.pid}, since {utc(holder.since)}")


def status_json(status: Status) -> dict[str, Any]:
    """The same facts for programs; times in RFC 3339."""
    about = status.deployment
    return {
        "project": about.spec.project,
        "environment": about.environment,
        "target": about.target,
        "account": about.account,
        "region": about.region,
        "stacks": [vars(s) for s in status.stacks],
        "sandbox": None if status.sandbox is None else vars(status.sandbox),
        "unheld": unheld_json(status.unheld),
        "bursts": [_lease_json(lease) for pool in status.pools for lease in pool.leases],
        "lock": [
            {"who": h.who, "operation": h.operation, "pid": h.process.pid, "since": utc(h.since)}
            for h in status.holders
        ],
    }


def _stack(stack: StackStatus) -> str:
    if not stack.standing:
        return _absent(stack)
    parts = [f"{stack.resources} resource{'s' * (stack.resources != 1)}"]
    if stack.changed:
        parts.append(f"last changed {utc(datetime.fromisoformat(stack.changed).timestamp())}")
    if stack.pending:
        parts.append(f"{stack.pending} left open by a crash: the next apply or destroy settles them")
    if stack.waits_for:
        parts.append(f"but {stack.waits_for}")
    if not stack.declared:
        parts.append("no longer in the spec: the next apply removes it")
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
