"""What ran on a pool, burst by burst: what its backend remembers of the jobs, and the lease table of the leases.

A backend forgets jobs (Batch after seven days and with their queue, Systems Manager after thirty, Kubernetes with the
job); of those the table still knows how they ended, who held the pool, when, and for how much. A backend that refuses
to be asked hides nothing of that either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from tideform.burst.history.remember import remembered_jobs
from tideform.burst.lease import Mode
from tideform.burst.runner import cloud_errors, runner_for
from tideform.burst.status import account_now
from tideform.burst.table import LeaseTable
from tideform.burst.table_errors import telling_no_table
from tideform.cloud import Cloud
from tideform.errors import CloudError
from tideform.reaper.fates import Fate, Fates, unlearnt
from tideform.reaper.history.base import (
    OPEN,
    JobRecord,
    JobState,
    attempts_of,
    earliest,
    newest_attempts,
    summed,
)
from tideform.reaper.job_name import job_name
from tideform.reaper.ledger import Ledger
from tideform.reaper.meter import Account, Hold, count
from tideform.reaper.prices import SpotPrices
from tideform.registry.training import backends
from tideform.spec.deployment import Deployment
from tideform.unasked import NO_GAPS, Gaps, each

T = TypeVar("T")
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


@dataclass(frozen=True)
class Seen:
    """The runs that anybody could tell of, the newest first, and of what nobody could."""

    runs: tuple[Run, ...]
    gaps: Gaps = NO_GAPS


def runs(cloud: Cloud, deployment: Deployment, pool: str, most: int | None = None) -> Seen:
    """What ran on the pool; of jobs that cannot be asked for, or costs that cannot be counted, what the table knows.

    With ``most`` that many are whole, and older ones may be missing: only jobs since the lease that many back are asked
    about one by one. The leases cost one read however many there were: the table keeps one account a pool.

    Raises `CloudError` where the table refuses, or where a service does and there is nothing to tell.
    """
    table = LeaseTable.of(cloud, deployment)
    backend, since = deployment.spec.training[pool].backend, _since(table, pool, most)
    nothing: list[JobRecord] = []
    found, deaf = _asked(f"jobs of {pool}", lambda: _remembered(cloud, deployment, pool, backend, since), nothing)
    now = cloud.clock()  # before the leases are read
    item = table.item(pool) or {}
    account, uncounted = _counted(table, pool, item, now)
    with cloud_errors(f"what became of the jobs of {pool} was read"):
        fates = Fates(table.items).of(table.identity(pool))
    held, ended = item.get("leases") or {}, item.get("ended") or {}
    open_sums = {*held, *ended} if uncounted else ()
    known = _Known(pool, backend, _by_lease(found), held, account, fates, _why(deaf), open_sums)
    made = tuple(sorted(known.runs(since), key=lambda run: run.created, reverse=True))
    if deaf and not made:
        raise CloudError(deaf.problems)
    return Seen(made, deaf + uncounted)


def _asked(what: str, work: Callable[[], T], otherwise: T) -> tuple[T, Gaps]:
    found, gaps = each({what: work})
    return found.get(what, otherwise), gaps


def _why(gaps: Gaps) -> str:
    return "; ".join(one.why for one in gaps.all)


def _counted(table: LeaseTable, pool: str, item: Mapping[str, Any], now: float) -> tuple[Account, Gaps]:
    """The account as of now; as it was written, with the leases as they are, where the machines cannot be asked for."""
    found, gaps = each({f"cost of {pool}": lambda: account_now(table, pool, dict(item), now)})
    for account in found.values():
        return account, gaps
    live, ended = item.get("leases") or {}, item.get("ended") or {}
    return count(_written(table, pool), (), live, ended, lambda _: None, now), gaps


def _since(table: LeaseTable, pool: str, most: int | None) -> float:
    """When the lease began that is ``most`` back; 0 where there are not so many. No job is older than its lease."""
    if most is None:
        return 0.0
    told = (hold.created for hold in _written(table, pool).leases.values() if hold.mode != Mode.UP)
    newest = sorted(told, reverse=True)[:most]
    return earliest(newest) if len(newest) == most else 0.0


def _written(table: LeaseTable, pool: str) -> Account:
    with cloud_errors(f"the account of {pool} was read"), telling_no_table(table.name):
        return Ledger(table.items, SpotPrices(table.cloud)).read(table.identity(pool))


def _remembered(cloud: Cloud, deployment: Deployment, pool: str, backend: str, since: float) -> list[JobRecord]:
    handle = backends()[backend].handle(deployment, pool)
    with cloud_errors(f"the jobs of {pool} were looked up"):
        return remembered_jobs(cloud, runner_for(cloud, deployment, pool), handle, pool, since)


def _by_lease(found: list[JobRecord]) -> Mapping[str, list[JobRecord]]:
    several: dict[str, list[JobRecord]] = defaultdict(list)
    for job in found:
        several[job.lease].append(job)
    return several


@dataclass(frozen=True)
class _Known:
    """All that is known of a pool's bursts, by lease.

    ``unasked`` is why its backend could not be asked for jobs; empty where it was. What the ``open_sums`` cost, nobody
    can tell now.
    """

    pool: str
    backend: str
    found: Mapping[str, list[JobRecord]]
    held: Mapping[str, Mapping[str, Any]]
    account: Account
    fates: Mapping[str, Fate]
    unasked: str
    open_sums: Container[str]

    def runs(self, since: float) -> list[Run]:
        """Of each burst that ran something; of those with an older lease none."""
        leases = self.account.leases
        several = dict.fromkeys([*self.found, *leases, *self.fates])
        made = [self._run(one) for one in several if one not in leases or leases[one].created >= since]
        return [run for run in made if run.ids or run.mode != Mode.UP]

    def _run(self, lease: str) -> Run:
        jobs, hold, held = self.found.get(lease, []), self.account.leases.get(lease), self.held.get(lease)
        fate = self.fates.get(lease)
        now = self._now(lease)
        began, ended = _times(jobs, fate, hold)
        if began is None and hold is not None and now.state in _BEGUN:  # as the parent of a sweep, which runs nothing
            began = hold.created
        counted = hold if hold and lease not in self.open_sums else None
        return Run(
            name=job_name(self.pool, lease),
            pool=self.pool,
            backend=self.backend,
            lease=lease,
            state=now.state,
            ids=_ids(jobs, fate, held),
            attempts=attempts_of(jobs),
            mode=str(held["mode"]) if held is not None else hold.mode if hold else "",
            owner=hold.owner if hold else "",
            exit_code=now.code,
            began=began,
            ended=None if now.state in OPEN else ended,
            usd=counted.usd if counted and (counted.seconds or now.state is JobState.WAITING) else None,
            unpriced=self.account.missing(lease) if counted and counted.seconds else (),
            held=held is not None,
            created=hold.created if hold else min((job.created for job in jobs), default=began or 0.0),
            why=now.why,
        )

    def _now(self, lease: str) -> Fate:
        """How it is; of what nobody could be asked for and nobody has written down it is unknown."""
        jobs, fate = self.found.get(lease, []), self.fates.get(lease)
        held = lease in self.held
        if self.unasked and (held or fate is None):
            return unlearnt(self.unasked)
        return _goes_on(jobs) if held else _ended_as(jobs, fate)


def _ids(jobs: list[JobRecord], fate: Fate | None, held: Mapping[str, Any] | None) -> tuple[str, ...]:
    """As the backend tells, as whoever ended them wrote down, or as whoever began the job did."""
    if jobs:
        return tuple(job.id for job in sorted(jobs, key=lambda job: job.created))
    return (fate.ids if fate else ()) or tuple(str((held or {}).get("job") or "").split())


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
