"""A burst as text and as JSON: what it will bring and cost at most, what it is doing, how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tideform.times import utc
from tideform.views.diagnostics import as_json
from tideform.views.lines import Line, plain
from tideform.views.receipt import receipt_json
from tideform.views.unasked import gaps_json, parts_json, unasked_lines
from tideform.views.unheld import unheld_json, unheld_lines

if TYPE_CHECKING:
    from tideform.burst.lease import Lease
    from tideform.burst.runner import Instance
    from tideform.burst.session import Ended
    from tideform.burst.sizing import Sizing
    from tideform.burst.status import PoolStatus
    from tideform.operations.pool_statuses import PoolStatuses
    from tideform.pools.worst_case import WorstCase
    from tideform.spec.training import Pool


def announcement(name: str, pool: Pool, size: Sizing, worst: WorstCase | None, price_note: str) -> Iterator[Line]:
    """What is about to start, its price, and the worst case."""
    how = {"prefer": "spot first", "only": "spot only", "never": "on-demand"}[pool.capacity.spot]
    note = f"; {price_note}" if price_note else ""
    yield plain(f"Burst of {name}: {size.words}, {how}, for at most {pool.lease}.", style="bold")
    yield plain(f"{size.hourly_usd:.4f} USD an hour at on-demand list price{note}.")
    if worst is not None:
        yield plain(f"Worst case: {worst}.")


def status_lines(name: str, status: PoolStatus) -> Iterator[Line]:
    """State, leases, instances and jobs of one pool."""
    yield plain(f"{name}: {status.state or 'not known'}", style="bold")
    for lease in status.record.leases:
        yield Line(lease_words(lease))
        if why := lease.orphaned(status.at):
            yield Line(f"{why}: the next command that changes something ends it", mark="!")
    yield from unasked_lines(status.unasked)
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
    if status.instances and status.usd is not None:
        least = "at least" if status.unpriced else "about"
        hour = f", {status.hourly_usd:.4f} USD an hour at list price" if status.hourly_usd else ""
        yield Line(f"{least} {status.usd:.4f} USD so far{hour}{without(status.unpriced)}")


def statuses_lines(found: PoolStatuses) -> Iterator[Line]:
    """Every pool, what could not be looked at, and what nobody holds."""
    for status in found.pools:
        yield from status_lines(status.record.pool, status)
    told = found.unheld.unasked
    yield from unasked_lines((one for one in found.gaps.all if one not in told), depth=-1)
    yield from unheld_lines(found.unheld)


def statuses_json(found: PoolStatuses) -> dict[str, Any]:
    """The same facts for programs; what is missing of a pool that is told is in its own ``unasked``."""
    pools = [status_json(status.record.pool, status) for status in found.pools]
    return {
        "pools": pools,
        "unheld": unheld_json(found.unheld),
        "warnings": as_json(found.warnings),
        **gaps_json(found.gaps),
    }


def without(unpriced: Sequence[str]) -> str:
    """What a sum is too small by, to stand behind it."""
    return f"; no price is known for {', '.join(unpriced)}" if unpriced else ""


def how(instance: Instance) -> str:
    """How a machine was bought."""
    if instance.reservation:
        return f"in {instance.reservation.rpartition('/')[2]}"
    return "spot" if instance.spot else "on-demand"


def status_json(name: str, status: PoolStatus) -> dict[str, Any]:
    """The same facts for programs; null where nobody could tell."""
    return {
        "pool": name,
        "state": None if status.state is None else str(status.state),
        "leases": None if status.leases is None else [lease_json(lease) for lease in status.leases],
        "instances": None
        if status.machines is None
        else [{**vars(one), "launched": utc(one.launched)} for one in status.machines],
        "jobs": None if status.work is None else [vars(job) for job in status.work],
        "usd": None if status.usd is None else round(float(status.usd), 4),
        "hourly_usd": None if status.hourly_usd is None else round(float(status.hourly_usd), 4),
        "unpriced": list(status.unpriced),
        "idle_reservations": [vars(reservation) for reservation in status.idle],
        **parts_json(status.unasked),
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


def begun_lines(lease: Lease) -> Iterator[Line]:
    """A job that goes on by itself: what it is called, what ends it, and how to look at it."""
    cap = f", or at {lease.cap_usd} USD" if lease.cap_usd is not None else ""
    yield plain(f"{lease.job_name} goes on by itself.", style="bold")
    yield Line(f"The reaper takes its capacity away when it is over, at {utc(lease.deadline)} at the latest{cap}.")
    yield Line(f"`tideform logs {lease.job_name} -f` follows it, `tideform jobs` tells how it ended,")
    yield Line(f"`tideform jobs cancel {lease.job_name}` ends it now.")


def begun_json(lease: Lease, worst: WorstCase | None) -> dict[str, Any]:
    """The same facts for programs; ``worst_case_usd`` is null where a type has no price."""
    return {
        "job": lease.job_name,
        "ids": lease.job.split(),
        "pool": lease.pool,
        "lease": lease_json(lease),
        "deadline": utc(lease.deadline),
        "worst_case_usd": None if worst is None else round(float(worst.capped_usd), 4),
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
