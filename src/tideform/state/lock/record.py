"""What a lock's record says, and who may come in: the rules of locking, without a file or a clock of their own.

A record holds the last fencing token given out and those who hold the lock: one alone, or several that share it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import LockedError
from tideform.process import Process

HEARTBEAT_SECONDS = 10.0
STALE_SECONDS = 60.0


@dataclass(frozen=True)
class Holder:
    """One run that holds the lock. Times are seconds since the epoch, by the store's clock.

    ``runs`` are the marks of the processes it answers for: its own, and those of runs it took over from until they
    are known to have ended. ``noted`` are processes it wrote down.
    """

    run: str
    who: str
    operation: str
    process: Process
    since: float
    heartbeat: float
    shared: bool = False
    token: int = 0
    runs: tuple[str, ...] = ()
    noted: tuple[Process, ...] = ()

    def is_gone(self, now: float) -> bool:
        """Whether it may be taken over: dead for certain, or of elsewhere and silent for too long.

        A process that lives on this machine is respected even when silent: it may have been stopped for a while.
        """
        if self.process.is_ours:
            return self.process.known_dead
        return now - self.heartbeat > STALE_SECONDS


class BlockedError(Exception):
    """Somebody who lives holds the lock; ``holders`` say who."""

    def __init__(self, holders: tuple[Holder, ...]) -> None:
        super().__init__("the lock is held")
        self.holders = holders


@dataclass(frozen=True)
class Record:
    """Who holds the lock. ``token`` only ever grows, over releases and takeovers alike."""

    token: int = 0
    holders: tuple[Holder, ...] = ()

    def admit(self, newcomer: Holder, now: float) -> Record:
        """Let ``newcomer`` in, in place of those who are gone; raises `BlockedError`.

        One who is in already stays as it is: an answer of the store may be lost and the write tried again.
        """
        if self.holder(newcomer.run) is not None:
            return self
        gone = self.gone(now)
        living = tuple(holder for holder in self.holders if holder not in gone)
        if blocking := tuple(holder for holder in living if not (holder.shared and newcomer.shared)):
            raise BlockedError(blocking)
        heir = replace(
            newcomer,
            token=self.token + 1,
            runs=(newcomer.run, *(run for holder in gone for run in holder.runs)),
            noted=tuple(process for holder in gone for process in holder.noted),
        )
        return Record(heir.token, (*living, heir))

    def gone(self, now: float) -> tuple[Holder, ...]:
        """The holders who may be taken over."""
        return tuple(holder for holder in self.holders if holder.is_gone(now))

    def holder(self, run: str) -> Holder | None:
        """The holder whose run this is."""
        return next((holder for holder in self.holders if holder.run == run), None)

    def change(self, run: str, how: Callable[[Holder], Holder]) -> Record:
        """The record with one holder changed."""
        return replace(self, holders=tuple(how(h) if h.run == run else h for h in self.holders))

    def without(self, run: str) -> Record:
        """The record after a holder left."""
        return replace(self, holders=tuple(holder for holder in self.holders if holder.run != run))


def to_json(record: Record) -> str:
    """The record as the text that is stored; people read it too."""
    holders = [
        vars(holder)
        | {"process": holder.process.as_record(), "noted": [process.as_record() for process in holder.noted]}
        for holder in record.holders
    ]
    return json.dumps({"token": record.token, "holders": holders}, indent=2) + "\n"


def from_json(text: str) -> Record:
    """Read what `to_json` wrote; an empty text is a lock that nobody ever took. Raises `LockedError` TD413."""
    if not text.strip():
        return Record()
    try:
        data = json.loads(text)
        return Record(int(data["token"]), tuple(_holder(entry) for entry in data["holders"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise unreadable(f"It is not what tideform writes ({error})") from error


def unreadable(reason: str) -> LockedError:
    """The error of a record that says nothing."""
    return LockedError(
        Diagnostic(
            "TD413",
            Severity.ERROR,
            "The lock's record cannot be read",
            detail=f"{reason}, so nobody can say whether a run is under way.",
            fix="Make sure that no run is under way, then delete the lock's record.",
        )
    )


def _holder(data: dict[str, Any]) -> Holder:
    return Holder(
        **data
        | {
            "process": Process.from_record(data["process"]),
            "runs": tuple(data["runs"]),
            "noted": tuple(Process.from_record(process) for process in data["noted"]),
        }
    )
