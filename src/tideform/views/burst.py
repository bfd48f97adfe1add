"""A burst as text and as JSON: what it will bring and cost at most, what it is doing, how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tideform.times import utc
from tideform.views.lines import Line, plain
from tideform.views.receipt import receipt_json

if TYPE_CHECKING:
    from tideform.burst.lease import Lease
    from tideform.burst.runner import Instance
    from tideform.burst.session import Ended
    from tideform.burst.sizing import Sizing
    from tideform.burst.status import PoolStatus
    from tideform.components.worst_case import WorstCase
    from tideform.spec.training import Pool


def announcement(name: str, pool: Pool, size: Sizing, worst: WorstCase | None, price_note: str) -> Iterator[Line]:
    """What is about to start, its price, and the worst case."""
    how = {"prefer": "spot first", "only": "spot only", "never": "on-demand"}[pool.capacity.spot]
    note = f"; {price_note}" if price_note else ""
    yield plain(f"Burst of {name}: {size.words}, {how}, for at most {pool.lease}.", style="bold")
    yield plain(f"{size.hourly_usd:.4f} USD an hour at on-demand list price{note}.")
    if worst is not None:
        yield plain(f"Worst case: {worst.capped_usd:.2f} USD ({worst}).")


def status_lines(name: str, status: PoolStatus) -> Iterator[Line]:
    """State, leases, instances and jobs of one pool."""
    yield plain(f"{name}: {status.record.state}", style="bold")
    for lease in status.record.leases:
        yield Line(lease_words(lease))
        if why := lease.orphaned(status.at):
            yield Line(f"{why}: the next command that changes something ends it", mark="!")
    if status.unasked:
        yield Line(f"machines and jobs could not be asked for: {status.unasked}", mark="!")
    for instance in status.instances:
        yield Line(
            f"instance {instance.id} {instance.type} {how(instance)}, {instance.state}, since {utc(instance.launched)}"
        )
    yield from (Line(f"job {job.id} {job.name}, {job.status.lower()}") for job in status.jobs)
    for reservation in status.idle:
        bought = any(not (instance.spot or instance.reservation) for instance in status.instances)
        yield Line(f"{reservation}{'; the pool runs on on-demand machines beside it' if bought else ''}", mark="!")
    if status.unheld:
        yield Line(f"nobody holds this capacity: `tideform burst down {name}` ends it", mark="!")
    if status.instances:
        yield Line(f"about {status.usd:.4f} USD so far")


def how(instance: Instance) -> str:
    """How a machine was bought."""
    if instance.reservation:
        return f"in {instance.reservation.rpartition('/')[2]}"
    return "spot" if instance.spot else "on-demand"


def status_json(name: str, status: PoolStatus) -> dict[str, Any]:
    """The same facts for programs."""
    return {
        "pool": name,
        "state": str(status.record.state),
        "leases": [lease_json(lease) for lease in status.record.leases],
        "unasked": status.unasked,
        "instances": [{**vars(i), "launched": utc(i.launched)} for i in status.instances],
        "jobs": [vars(job) for job in status.jobs],
        "usd": round(float(status.usd), 4),
        "idle_reservations": [vars(reservation) for reservation in status.idle],
    }


def ended_json(name: str, ended: Ended) -> dict[str, Any]:
    """How a burst ended."""
    return {
        "pool": name,
        "exit_code": ended.exit_code,
        "instance_seconds": round(ended.meter.instance_seconds, 1),
        "usd": round(float(ended.meter.usd), 4),
        "receipt": None if ended.receipt is None else receipt_json(ended.receipt),
    }


def lease_words(lease: Lease) -> str:
    """One lease in a line."""
    cap = f", at most {lease.cap_usd} USD" if lease.cap_usd is not None else ""
    return f"lease {lease.id} of {lease.owner} ({lease.mode}), until {utc(lease.deadline)}{cap}"


def lease_json(lease: Lease) -> dict[str, Any]:
    """One lease for programs."""
    return {
        "id": lease.id,
        "pool": lease.pool,
        "owner": lease.owner,
        "mode": str(lease.mode),
        "created": utc(lease.created),
        "deadline": utc(lease.deadline),
        "cap_usd": None if lease.cap_usd is None else str(lease.cap_usd),
        "token": lease.token,
    }
