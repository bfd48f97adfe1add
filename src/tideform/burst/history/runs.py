"""What ran on a pool, burst by burst: what its backend remembers of the jobs, and the lease table of the leases.

A backend forgets jobs (Batch after seven days and with their queue, Systems Manager after thirty, Kubernetes with the
job); of those the table still knows how they ended, who held the pool, when, and for how much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tideform.burst.history.remember import remembered_jobs
from tideform.burst.lease import Mode
from tideform.burst.reaper.fates import Fate, Fates
from tideform.burst.reaper.history.base import (
    OPEN,
    JobRecord,
    JobState,
    attempts_of,
    earliest,
    newest_attempts,
    summed,
)
from tideform.burst.reaper.job_name import job_name
from tideform.burst.reaper.ledger import Ledger
from tideform.burst.reaper.meter import Account, Hold
from tideform.burst.reaper.prices import SpotPrices
from tideform.burst.runner import cloud_errors, runner_for
from tideform.burst.status import account_now
from tideform.burst.table import LeaseTable
from tideform.burst.table_errors import telling_no_table
from tideform.catalogue.training.base import backends
from tideform.cloud import Cloud
from tideform.spec.deployment import Deployment

_BEGUN = (JobState.RUNNING, JobState.SUCCEEDED)


@dataclass(frozen=True)
class Run:
    """What one burst ran, all of its jobs together. Times are seconds since the epoch; None: nobody knows, or not yet.

    ``ids`` are what the backend calls the jobs, the oldest first; ``attempts`` how often the work began, 0 where the
    backend does not tell. ``usd`` is what its machines have cost so far, ``unpriced`` types among them of which no
    price is known. ``mode`` is how it was asked for; empty: nobody knows. ``held``: its lease is not given back yet.
    ``why`` is the reason where it did not come to its own end, or where nobody knows.
    """

    name: str
    pool: str
    backend: str
    lease: str
    state: JobState
    ids: tuple[str, ...] = ()
    mode: str = ""
    owner: str = ""
    exit_code: int | None = None
    began: float | None = None
    ended: float | None = None
    usd: float | None = None
    unpriced: tuple[str, ...] = ()
    created: float = 0.0
    held: bool = False
    attempts: int = 0
    why: str = ""

    @property
    def open(self) -> bool:
        """Whether it waits or runs."""
        return self.state in OPEN


def runs(cloud: Cloud, deployment: Deployment, pool: str, most: int | None = None) -> list[Run]:
    """What ran on the pool, the newest first. Raises `CloudError` where a service refuses.

    With ``most`` that many are whole, and older ones may be missing: only jobs since the lease that many back are asked
    about one by one. The leases cost one read however many there were: the table keeps one account a pool.
    """
    table = LeaseTable.of(cloud, deployment)
    backend, since = deployment.spec.training[pool].backend, _since(table, pool, most)
    with cloud_errors(f"the jobs of {pool} were looked up"):
        found = _by_lease(_remembered(cloud, deployment, pool, backend, since))
    now = cloud.clock()  # before the leases are read
    item = table.item(pool) or {}
    account, held = account_now(table, pool, item, now), item.get("leases") or {}
    with cloud_errors(f"what became of the jobs of {pool} was read"):
        fates = Fates(table.items).of(table.identity(pool))
    known = {lease for lease, hold in account.leases.items() if hold.created >= since}
    made = (
        _run(pool, backend, lease, found.get(lease, []), held.get(lease), account, fates.get(lease))
        for lease in [*dict.fromkeys([*found, *account.leases, *fates])]
        if lease in known or lease not in account.leases
    )
    return sorted((run for run in made if run.ids or run.mode != Mode.UP), key=lambda run: run.created, reverse=True)


def _since(table: LeaseTable, pool: str, most: int | None) -> float:
    """When the lease began that is ``most`` back; 0 where there are not so many. No job is older than its lease."""
    if most is None:
        return 0.0
    with cloud_errors(f"the account of {pool} was read"), telling_no_table(table.name):
        account = Ledger(table.items, SpotPrices(table.cloud)).read(table.identity(pool))
    told = (hold.created for hold in account.leases.values() if hold.mode != Mode.UP)
    newest = sorted(told, reverse=True)[:most]
    return earliest(newest) if len(newest) == most else 0.0


def _remembered(cloud: Cloud, deployment: Deployment, pool: str, backend: str, since: float) -> list[JobRecord]:
    handle = backends()[backend].handle(deployment, pool)
    return remembered_jobs(cloud, runner_for(cloud, deployment, pool, backend), handle, pool, since)


def _by_lease(found: list[JobRecord]) -> Mapping[str, list[JobRecord]]:
    several: dict[str, list[JobRecord]] = defaultdict(list)
    for job in found:
        several[job.lease].append(job)
    return several


def _run(
    pool: str,
    backend: str,
    lease: str,
    jobs: list[JobRecord],
    held: Mapping[str, Any] | None,
    account: Account,
    fate: Fate | None,
) -> Run:
    hold = account.leases.get(lease)
    now = _ended_as(jobs, fate) if held is None else _goes_on(jobs)
    began, ended = _times(jobs, fate, hold)
    if began is None and hold is not None and now.state in _BEGUN:  # as the parent of a sweep, which runs nothing
        began = hold.created
    return Run(
        name=job_name(pool, lease),
        pool=pool,
        backend=backend,
        lease=lease,
        state=now.state,
        ids=tuple(job.id for job in sorted(jobs, key=lambda job: job.created)) or (fate.ids if fate else ()),
        attempts=attempts_of(jobs),
        mode=str(held["mode"]) if held is not None else hold.mode if hold else "",
        owner=hold.owner if hold else "",
        exit_code=now.code,
        began=began,
        ended=None if now.state in OPEN else ended,
        usd=hold.usd if hold and (hold.seconds or now.state is JobState.WAITING) else None,
        unpriced=tuple(account.unpriced) if hold and hold.seconds else (),
        held=held is not None,
        created=hold.created if hold else min((job.created for job in jobs), default=began or 0.0),
        why=now.why,
    )


def _goes_on(jobs: list[JobRecord]) -> Fate:
    """How it is while its lease is held: without a job one is still to come."""
    state, code = summed(jobs)
    return Fate(state if jobs else JobState.WAITING, code)


def _ended_as(jobs: list[JobRecord], fate: Fate | None) -> Fate:
    """How it ended, and its lease with it: as whoever ended that has written down, else as its backend remembers.

    That it was stopped is written down before it is: what its backend has seen succeed all the same was not.
    """
    state, code = summed(jobs)
    if fate is not None and fate.known and not (fate.state is JobState.STOPPED and state is JobState.SUCCEEDED):
        return fate
    if state in OPEN:  # all of it has ended: some services are late to tell
        state = JobState.STOPPED
    return Fate(state, code, fate.why if fate and not jobs else "")


def _times(jobs: list[JobRecord], fate: Fate | None, hold: Hold | None) -> tuple[float | None, float | None]:
    """Beginning and end: of the jobs where they are remembered or were written down, else of the lease."""
    if not jobs and fate is not None and fate.ids:
        return fate.began, fate.ended or (hold.ended if hold else None)
    if not jobs:
        return (hold.created, hold.ended) if hold else (None, None)
    began = [job.began for job in jobs if job.began]
    ended = [job.ended for job in newest_attempts(jobs).values() if job.ended]
    return min(began, default=None), max(ended, default=hold.ended if hold else None)
