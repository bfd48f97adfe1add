"""The history of jobs as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tideform.times import utc
from tideform.views.lines import Line, plain

if TYPE_CHECKING:
    from tideform.burst.history.runs import Run

_HEAD = ("NAME", "BACKEND", "STATE", "EXIT", "BEGAN", "DURATION", "COST", "BY", "WHY")
_UNKNOWN = "unknown"


def run_lines(runs: Sequence[Run], now: float) -> Iterator[Line]:
    """A line for each, under a head; nothing where there is none. ``now`` is in seconds since the epoch."""
    if not runs:
        return
    rows = [_HEAD, *(_row(run, now) for run in runs)]
    if not any(run.why for run in runs):
        rows = [row[:-1] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        text = "  ".join(f"{word:<{width}}" for word, width in zip(row, widths, strict=True)).rstrip()
        yield plain(text, style="" if number else "bold")


def run_json(run: Run, now: float) -> dict[str, Any]:
    """The same facts for programs; times in RFC 3339, null for what nobody knows or what is still to come."""
    return {
        "name": run.name,
        "pool": run.pool,
        "backend": run.backend,
        "state": str(run.state),
        "exit_code": run.exit_code,
        "why": run.why or None,
        "began": None if run.began is None else utc(run.began),
        "ended": None if run.ended is None else utc(run.ended),
        "seconds": None if (took := _seconds(run, now)) is None else round(took),
        "usd": None if run.usd is None else round(run.usd, 4),
        "unpriced": list(run.unpriced),
        "mode": run.mode or None,
        "owner": run.owner or None,
        "lease": run.lease,
        "ids": list(run.ids),
        "attempts": run.attempts or None,
    }


def _row(run: Run, now: float) -> tuple[str, ...]:
    exit_code = "" if run.open else _UNKNOWN if run.exit_code is None else str(run.exit_code)
    began = utc(run.began) if run.began is not None else "" if run.open else _UNKNOWN
    took = _seconds(run, now)
    duration = ("" if run.open else _UNKNOWN) if took is None else _clock(took)
    state = f"{run.state} (attempt {run.attempts})" if run.attempts > 1 else str(run.state)
    who = run.owner or _UNKNOWN
    return (run.name, run.backend, state, exit_code, began, duration, _cost(run), who, run.why)


def _seconds(run: Run, now: float) -> float | None:
    """How long it took, or takes so far."""
    if run.began is None or (run.ended is None and not run.open):
        return None
    return max(0.0, (now if run.ended is None else run.ended) - run.began)


def _clock(seconds: float) -> str:
    """``1:02:03``, hours without a bound."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _cost(run: Run) -> str:
    """Never a false zero, and no sum where a part of it has no price."""
    if run.usd is None:
        return _UNKNOWN
    if run.unpriced:
        return f"at least {run.usd:.2f} USD" if run.usd else _UNKNOWN
    return "less than 0.01 USD" if 0 < run.usd < 0.01 else f"{run.usd:.2f} USD"  # a cent
