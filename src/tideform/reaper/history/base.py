"""One job as its backend remembers it, in words that are the same for all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tideform.reaper.base import Clients, Handle

_SKEW = 3600.0  # seconds


class JobState(StrEnum):
    """Where a job is. ``stopped``: somebody, or the end of its lease, ended it; ``unknown``: nobody remembers."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


OPEN = (JobState.WAITING, JobState.RUNNING)


@dataclass(frozen=True)
class JobRecord:
    """One job of a backend. Times are seconds since the epoch; None: it has not begun, has not ended, or nobody tells.

    ``part`` is which part of a burst's work it is, as of a sweep: of several attempts at one the newest counts.
    ``exit_code`` is the command's own; ``attempts`` how often this job has begun, 0 where the backend does not tell.
    """

    id: str
    lease: str
    part: str
    state: JobState
    created: float
    began: float | None = None
    ended: float | None = None
    exit_code: int | None = None
    attempts: int = 0


def earliest(created: Iterable[float]) -> float:
    """When the jobs of leases were created at the earliest, of which the clock of any service may tell another time."""
    return max(0.0, min(created, default=0.0) - _SKEW)


class Remembered(Protocol):
    """What a backend remembers. A module of `history` is one, named as the backend."""

    def jobs(
        self, clients: Clients, handle: Handle, since: float = 0.0, *, leases: Container[str] | None = None
    ) -> list[JobRecord]:
        """Every job of the pool that the backend still knows and that was created ``since`` then, ended ones, too.

        Where ``leases`` are given, those of these alone.
        """
        ...


def newest_attempts(found: Iterable[JobRecord]) -> Mapping[str, JobRecord]:
    """Of each part the attempt that counts."""
    return {one.part: one for one in sorted(found, key=lambda job: job.created)}


def attempts_of(found: Iterable[JobRecord]) -> int:
    """How often the part that began most often has begun; 0 where the backend does not tell."""
    counted: Counter[str] = Counter()
    for one in found:
        counted[one.part] += one.attempts
    return max(counted.values(), default=0)


def summed(found: Iterable[JobRecord]) -> tuple[JobState, int | None]:
    """The state of all the parts together, and the exit code: the first that is not 0, None while there is none."""
    counted = sorted(newest_attempts(found).values(), key=lambda job: job.ended or job.created)
    states = [job.state for job in counted]
    for state in (JobState.RUNNING, JobState.WAITING):
        if state in states:
            return state, None
    codes = [job.exit_code for job in counted if job.state is JobState.FAILED]
    if codes:
        return JobState.FAILED, next((code for code in codes if code), None)
    cut_short = [state for state in states if state is not JobState.SUCCEEDED]
    if cut_short or not states:
        return (cut_short or [JobState.UNKNOWN])[-1], None
    return JobState.SUCCEEDED, 0
