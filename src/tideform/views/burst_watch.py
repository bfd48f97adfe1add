"""A pool while it is watched: a few lines that are drawn anew, or one line for each change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from tideform.burst.status import JOBS, LEASES, MACHINES
from tideform.burst.watching import UTILISATION
from tideform.times import utc
from tideform.unasked import Unasked, of
from tideform.views.burst import how, without
from tideform.views.lines import Line, plain
from tideform.views.unasked import parts_json, unasked_lines

if TYPE_CHECKING:
    from tideform.burst.watching import Watched


def watched_lines(seen: Watched) -> Iterator[Line]:
    """State, jobs, machines, money and time, a line each."""
    status, reason = seen.status, attrgetter("reason")
    yield plain(f"{seen.pool}: {status.state or 'not known'} at {utc(status.at)}", style="bold")
    yield Line(f"jobs       {_part(seen, JOBS, _jobs(seen), reason) or 'none'}")
    yield Line(f"machines   {_part(seen, MACHINES, _machines(seen), reason) or 'none'}")
    if in_use := _part(seen, UTILISATION, _in_use(seen), reason):
        yield Line(f"in use     {in_use}")
    usd = f"{'at least ' if seen.unpriced and status.usd is not None else ''}{_usd(status.usd)}"
    yield Line(f"cost       {usd} so far, {_hourly(seen)}{without(seen.unpriced)}")
    yield from unasked_lines(_others(seen))
    for lease in status.leases or ():
        yield Line(f"lease      {lease.id} of {lease.owner}, {left(lease.rest(status.at))} left")
    yield from (Line(f"idle       {reservation}", mark="!") for reservation in status.idle)


def watched_line(seen: Watched) -> str:
    """The same in one line, without what changes all the time."""
    held = ", ".join(f"{lease.owner} until {utc(lease.deadline)}" for lease in seen.status.leases or ())
    leases = _part(seen, LEASES, held) or "no lease"
    jobs, machines = _part(seen, JOBS, _jobs(seen)) or "no job", _part(seen, MACHINES, _machines(seen)) or "no machine"
    parts = [jobs, machines, _hourly(seen), leases, *map(str, _others(seen, LEASES))]
    return f"{seen.pool} {seen.status.state or 'not known'}: {'; '.join(parts)}"


def watched_json(seen: Watched) -> dict[str, Any]:
    """The same facts for programs: one object a change; null where nobody could tell."""
    status = seen.status
    machines, jobs = status.machines, status.work
    return {
        "at": utc(status.at),
        "pool": seen.pool,
        "state": None if status.state is None else str(status.state),
        "jobs": None if jobs is None else dict(Counter(job.status.lower() for job in jobs)),
        "machines": None if machines is None else len(machines),
        "accelerators": None if machines is None else seen.accelerators,
        "utilisation": dict(seen.utilisation),
        "usd": None if status.usd is None else round(float(status.usd), 4),
        "hourly_usd": None if seen.hourly_usd is None else round(float(seen.hourly_usd), 4),
        "unpriced": list(seen.unpriced),
        "idle_reservations": [vars(reservation) for reservation in status.idle],
        "leases": None
        if status.leases is None
        else [{"id": one.id, "owner": one.owner, "deadline": utc(one.deadline)} for one in status.leases],
        **parts_json(seen.unasked),
    }


def left(seconds: int) -> str:
    """``1 h 05 min``, ``4 min 10 s``."""
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds % 60:02d} s"


def _part(seen: Watched, part: str, told: str, why: Callable[[Unasked], str] = str) -> str:
    """What is told of a part, and why that may be not all; empty where nothing is, and nobody doubts it."""
    return "; ".join(filter(None, [told, *map(why, of(part, seen.unasked))]))


def _others(seen: Watched, *places: str) -> Iterator[Unasked]:
    """What is no part with a place of its own, as ``places`` more have one."""
    return (one for one in seen.unasked if one.what not in (JOBS, MACHINES, UTILISATION, *places))


def _jobs(seen: Watched) -> str:
    counts = Counter(job.status.lower() for job in seen.status.jobs)
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))


def _machines(seen: Watched) -> str:
    counts = Counter((node.type, how(node)) for node in seen.status.instances)
    told = ", ".join(f"{count} x {kind} {bought}" for (kind, bought), count in sorted(counts.items()))
    return f"{told} ({seen.accelerators} accelerators)" if told and seen.accelerators else told


def _in_use(seen: Watched) -> str:
    return ", ".join(f"{name} {share:.0f} %" for name, share in seen.utilisation.items())


def _hourly(seen: Watched) -> str:
    """A least one where machines have no price, or may be more."""
    if seen.hourly_usd is None:
        return "what an hour costs is not known"
    whole = not seen.unpriced and seen.status.asked(MACHINES)
    return f"{'' if whole else 'at least '}{_usd(seen.hourly_usd)} an hour"


def _usd(amount: Decimal | None) -> str:
    return "not counted" if amount is None else f"{amount:.4f} USD"
