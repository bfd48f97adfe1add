"""What a user reads about locks: who holds one, since when, how alive that looks, and what to do."""

from __future__ import annotations

from datetime import UTC, datetime

from tideform.errors import LockedError
from tideform.state.lock.record import STALE_SECONDS, Holder


def locked(label: str, holders: tuple[Holder, ...], now: float) -> LockedError:
    """The error for a lock that somebody holds who lives."""
    waits = "" if all(holder.process.is_ours for holder in holders) else _elsewhere()
    error = LockedError.of(
        "TD411",
        "Another run holds the lock",
        detail=f"{label} is held by {who_holds(holders, now)}. Two runs must never change it at once.",
        fix=f"Wait for it (`--wait 10m` does), or end that process; the next run cleans up after it.{waits}",
    )
    return LockedError(error.diagnostics)


def lost(label: str, why: str) -> LockedError:
    """The error for a lock that went away while it was held."""
    error = LockedError.of(
        "TD412",
        "The lock was lost while running",
        detail=f"The lock of {label} is no longer ours: {why}. The engine was stopped, so that two runs never"
        " change the same things at once.",
        fix="See who holds it with `tideform status`, and run the command again once they are done.",
    )
    return LockedError(error.diagnostics)


def stopped_while_writing(file: str, holder: str, seconds: float) -> LockedError:
    """The error for a lock whose record another process has begun to write and does not finish."""
    error = LockedError.of(
        "TD411",
        "Another run holds the lock",
        detail=f"{holder} has been writing {file} for more than {seconds:.0f} s, which takes milliseconds. A process"
        " that is stopped (Ctrl-Z, SIGSTOP) keeps it, and nobody else can take or let go of the lock.",
        fix="Let that process go on (`fg`, `kill -CONT`), or end it with `kill -9`; the next run cleans up after it.",
    )
    return LockedError(error.diagnostics)


def who_holds(holders: tuple[Holder, ...], now: float) -> str:
    """The holders, as part of a sentence."""
    return ", and ".join(_words(holder, now) for holder in holders)


def _words(holder: Holder, now: float) -> str:
    since = datetime.fromtimestamp(holder.since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    where = "on this machine" if holder.process.is_ours else f"on {holder.process.host}"
    silent = max(0, round(now - holder.heartbeat))
    return (
        f"{holder.who}, `{holder.operation}` (process {holder.process.pid} {where}) since {since},"
        f" last heard of {silent} s ago"
    )


def _elsewhere() -> str:
    return f" A run that is not heard of for {STALE_SECONDS:.0f} s is taken over."
