"""What became of each burst's jobs, kept in the lease table: it outlives machines, definitions and a backend's memory.

One item a pool, ``jobs#NAME``, with an entry for each lease. Whoever ends a lease writes it, once it is certain that
the lease ends and before its jobs do; the first who knows is right, because an end makes a job that was at work look as
if it had failed. What succeeded all the same did so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tideform.reaper.history.base import OPEN, JobRecord, JobState, summed
from tideform.reaper.items import Items
from tideform.reaper.legible import Rule, moment, text, whole
from tideform.reaper.modes import JOB, UP

JOBS = "jobs#"
NEVER_BEGAN = "its job never began"
CUT_SHORT = "its command was cut short in ending it"
UNREADABLE = "its pool's record could not be read"
NOBODYS = "nobody held its pool"
_KEPT = 200  # bursts of a pool; an item holds 400 KB
_MOST_IDS = 20
_LONGEST_WHY = 300  # characters


@dataclass(frozen=True)
class Fate:
    """How the jobs of one burst ended, all together. Times are seconds since the epoch; None: nobody knows.

    ``why`` tells of what did not come to its own end, or why nobody could learn it. ``ids`` are what the backend calls
    the jobs; of very many the newest.
    """

    state: JobState
    code: int | None = None
    why: str = ""
    ids: tuple[str, ...] = ()
    began: float | None = None
    ended: float | None = None

    @property
    def known(self) -> bool:
        """Whether anybody knew."""
        return self.state is not JobState.UNKNOWN


@dataclass(frozen=True)
class Fates:
    """Those of one lease table. ``pool`` is a pool's key without its prefix."""

    items: Items

    def of(self, pool: str) -> dict[str, Fate]:
        """By lease. What cannot be read of it is left out."""
        return {lease: fate for lease, entry in self._told(pool).items() if (fate := _read(entry)) is not None}

    def _told(self, pool: str) -> Mapping[str, Any]:
        told = (self.items.get(JOBS + pool) or {}).get("told")
        return {str(lease): entry for lease, entry in told.items()} if isinstance(told, Mapping) else {}

    def keep(self, pool: str, lease: str, fate: Fate, now: float) -> None:
        """Write what became of a lease's jobs, unless somebody has who knew.

        That they are stopped is written before they are: whoever dies in between leaves them to come to a good end, and
        that counts. An entry that cannot be read was written by nobody.
        """
        key = JOBS + pool
        before = (JobState.UNKNOWN, *((JobState.STOPPED,) if fate.state is JobState.SUCCEEDED else ()))
        self.items.update(
            key, "SET told = :empty", "NOT attribute_type(told, :map)", values={":empty": {}, ":map": "M"}, names={}
        )
        there = self._told(pool).get(lease)
        junk = {":junk": there} if there is not None and _read(there) is None else {}
        after = self.items.update(
            key,
            "SET told.#lease = :fate",
            f"attribute_not_exists(told.#lease) OR told.#lease.#state IN ({', '.join(f':{one}' for one in before)})"
            + (" OR told.#lease = :junk" if junk else ""),
            names={"#lease": lease, "#state": "state"},
            values={":fate": _written(fate, now), **{f":{one}": one for one in before}, **junk},
        )
        if after is not None:
            self._prune(key, after["told"])

    def _prune(self, key: str, told: Mapping[str, Any]) -> None:
        by_age = sorted(told, key=lambda lease: _at(told[lease]))
        if old := by_age[: max(0, len(told) - _KEPT)]:
            names = {f"#old{place}": lease for place, lease in enumerate(old)}
            change = "REMOVE " + ", ".join(f"told.{alias}" for alias in names)
            self.items.update(key, change, "attribute_exists(pk)", names=names, values={})


def fates_of(
    found: Iterable[JobRecord], leases: Mapping[str, str], why: Callable[[str], str], code: int | None = None
) -> dict[str, Fate]:
    """What has become of each lease's jobs, as far as ``found`` has them; ``leases`` are with their modes.

    What has not ended is as good as stopped: its lease ends now, and ``why`` tells of each what for. Of a lease that
    ``burst up`` held and that ran nothing there is nothing to tell.
    """
    jobs = list(found)
    made = {lease: fate_of([job for job in jobs if job.lease == lease], why(lease), code) for lease in leases}
    return {lease: fate for lease, fate in made.items() if fate.ids or leases[lease] != UP}


def fates_at_work(found: Iterable[JobRecord], why: str) -> dict[str, Fate]:
    """Of the leases that unfinished jobs name, where nobody knows, or can read, who holds the pool."""
    jobs = list(found)
    return fates_of(jobs, {job.lease: JOB for job in jobs if job.lease and job.state in OPEN}, lambda _: why)


def fate_of(jobs: list[JobRecord], why: str, known: int | None = None) -> Fate:
    """What has become of the jobs of one lease, which ends now for the reason ``why``.

    ``known`` is the exit code where the caller has seen the end, of which a backend may be late to tell.
    """
    state, code = summed(jobs)
    if known is not None and state in (*OPEN, JobState.UNKNOWN):
        state, code = JobState.FAILED if known else JobState.SUCCEEDED, known
    elif not jobs:
        return Fate(JobState.STOPPED, why="; ".join(part for part in (NEVER_BEGAN, why) if part))
    elif state in OPEN:
        state = JobState.STOPPED
    by_itself = state is JobState.SUCCEEDED or code is not None
    began = [job.began for job in jobs if job.began]
    ended = [job.ended for job in jobs if job.ended]
    ids = tuple(job.id for job in sorted(jobs, key=lambda job: job.created))[-_MOST_IDS:]
    return Fate(state, code, "" if by_itself else why, ids, min(began, default=None), max(ended, default=None))


def unlearnt(refusal: str) -> Fate:
    """Of jobs that nobody could be asked for."""
    return Fate(JobState.UNKNOWN, why=f"it could not be asked for: {refusal}")


def _written(fate: Fate, now: float) -> dict[str, Any]:
    told = {"code": fate.code, "began": fate.began, "ended": fate.ended}
    return {
        "state": fate.state,
        "at": int(now),
        **({"why": fate.why[:_LONGEST_WHY]} if fate.why else {}),
        **({"ids": list(fate.ids)} if fate.ids else {}),
        **{key: value for key, value in told.items() if value is not None},
    }


def _read(entry: object) -> Fate | None:
    """What is written of one lease; None where nobody can have written it: of a lease that has ended no job goes on."""
    if not isinstance(entry, Mapping) or not _CODES.get(str(entry.get("state")), _none_fits)(entry.get("code")):
        return None
    code, ids = entry.get("code"), entry.get("ids", [])
    times = [entry.get(key) if moment(entry.get(key)) else None for key in ("began", "ended")]
    return Fate(
        JobState(entry["state"]),
        code,
        entry["why"] if text(entry.get("why")) else "",
        tuple(str(one) for one in ids) if isinstance(ids, list) else (),
        *times,
    )


def _none_fits(_: object) -> bool:
    return False


# The codes that go with each state in which jobs can have ended.
_CODES: Mapping[str, Rule] = {
    JobState.SUCCEEDED: lambda code: whole(code) and code == 0,
    JobState.FAILED: lambda code: code is None or (whole(code) and code != 0),
    JobState.STOPPED: lambda code: code is None,
    JobState.UNKNOWN: lambda code: code is None,
}


def _at(entry: object) -> float:
    at = entry.get("at") if isinstance(entry, Mapping) else None
    return float(at) if isinstance(at, int | float) else 0.0
