"""A pool while it is watched: a few lines that are drawn anew, or one line for each change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tideform.times import utc
from tideform.views.burst import how
from tideform.views.lines import Line, plain

if TYPE_CHECKING:
    from tideform.burst.watching import Watched


def watched_lines(seen: Watched) -> Iterator[Line]:
    """State, jobs, machines, money and time, a line each."""
    status = seen.status
    yield plain(f"{seen.pool}: {status.record.state} at {utc(status.at)}", style="bold")
    yield Line(f"jobs       {_jobs(seen) or 'none'}")
    yield Line(f"machines   {_machines(seen)}")
    if seen.utilisation:
        yield Line("in use     " + ", ".join(f"{name} {share:.0f} %" for name, share in seen.utilisation.items()))
    yield Line(f"cost       {_usd(status.usd)} so far, {_usd(seen.hourly_usd)} an hour now")
    for lease in status.record.leases:
        yield Line(f"lease      {lease.id} of {lease.owner}, {left(lease.rest(status.at))} left")
    yield from (Line(f"idle       {reservation}", mark="!") for reservation in status.idle)


def watched_line(seen: Watched) -> str:
    """The same in one line, without what changes all the time."""
    leases = ", ".join(f"{lease.owner} until {utc(lease.deadline)}" for lease in seen.status.record.leases)
    parts = [_jobs(seen) or "no job", _machines(seen), f"{_usd(seen.hourly_usd)} an hour", leases or "no lease"]
    return f"{seen.pool} {seen.status.record.state}: {'; '.join(parts)}"


def watched_json(seen: Watched) -> dict[str, Any]:
    """The same facts for programs: one object a change."""
    status = seen.status
    return {
        "at": utc(status.at),
        "pool": seen.pool,
        "state": str(status.record.state),
        "jobs": dict(Counter(job.status.lower() for job in status.jobs)),
        "machines": len(status.instances),
        "accelerators": seen.accelerators,
        "utilisation": dict(seen.utilisation),
        "usd": round(float(status.usd), 4),
        "hourly_usd": round(float(seen.hourly_usd), 4),
        "idle_reservations": [vars(reservation) for reservation in status.idle],
        "leases": [
            {"id": lease.id, "owner": lease.owner, "deadline": utc(lease.deadline)} for lease in status.record.leases
        ],
    }


def left(seconds: int) -> str:
    """``1 h 05 min``, ``4 min 10 s``."""
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds % 60:02d} s"


def _jobs(seen: Watched) -> str:
    counts = Counter(job.status.lower() for job in seen.status.jobs)
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))


def _machines(seen: Watched) -> str:
    counts = Counter((node.type, how(node)) for node in seen.status.instances)
    told = ", ".join(f"{count} x {kind} {bought}" for (kind, bought), count in sorted(counts.items()))
    gpus = f" ({seen.accelerators} accelerators)" if seen.accelerators else ""
    return f"{told}{gpus}" if told else "none"


def _usd(amount: Decimal) -> str:
    return f"{amount:.4f} USD"
