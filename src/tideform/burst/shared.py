"""What is said to whoever begins a burst on a pool where others' jobs are not over: they share its machines."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from tideform.burst.lease import PoolRecord
from tideform.burst.others import held_by
from tideform.burst.runner import Job
from tideform.burst.teardown import Teardown
from tideform.errors import CloudError
from tideform.reaper.batch_states import AT_WORK
from tideform.registry.training import features
from tideform.words import counted

_SHOWN = 3  # names of jobs


def shared_with(teardown: Teardown, own: str, most: int) -> str:
    """`shared_words` of a pool as this process saw it last; what cannot be listed is not told."""
    record = teardown.table.seen(teardown.pool)
    if record is None or record.count < 2:  # its own lease is one
        return ""
    with suppress(CloudError):
        return shared_words(record, own, teardown.runner.jobs(), most)
    return ""


def kept_waiting(teardown: Teardown, own: str, most: int) -> str:
    """The same while nothing of the lease ``own`` is at work; empty once something is, or no job of it is there yet."""
    record = teardown.table.seen(teardown.pool)
    if record is None or record.count < 2:
        return ""
    with suppress(CloudError):
        jobs = teardown.runner.jobs()
        states = [job.status for job in jobs if job.lease == own]
        return shared_words(record, own, jobs, most) if states and not set(states) & set(AT_WORK) else ""
    return ""


def shared_words(record: PoolRecord, own: str, jobs: Sequence[Job], most: int) -> str:
    """Who holds the pool beside the lease ``own``, until when, what its job waits for or shares; empty if none does.

    ``jobs`` are the pool's that are not over, ``most`` how many machines it may have.
    """
    others = [lease for lease in record.leases if lease.id != own]
    theirs = [job for job in jobs if job.lease != own]
    if not others or not theirs:
        return ""
    holders = held_by((lease.owner, lease.deadline) for lease in others)
    names = ", ".join(job.name for job in theirs[:_SHOWN]) + (", ..." if len(theirs) > _SHOWN else "")
    said = f"{record.pool} is held by {holders} as well, with {counted(len(theirs), 'job')} not over ({names}). "
    backend = str(record.handle.get("backend"))
    if features(backend).shares_machines:
        return f"{said}On {backend} jobs of several bursts run on the same machines, beside each other."
    limit = f"It has {counted(most, 'machine')} at most"
    return f"{said}{limit}: while none is free, this job waits for one, within its lease."
