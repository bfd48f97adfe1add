"""A pool's item as its record, or the diagnostic of one that cannot be read; of one that is elsewhere, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tideform.burst.lease import Lease, PoolRecord, State
from tideform.diagnostics import Diagnostic, Severity
from tideform.process import Process
from tideform.reaper.items import Item
from tideform.reaper.reading import Unreadable, read
from tideform.unasked import Broken, Gaps


def item_of(pool: str, raw: Mapping[str, Any], now: float) -> Item | Diagnostic:
    """The item as it should be, or TD624; ``now`` is in seconds since the epoch."""
    item = read(raw, now)
    return _illegible(pool, item) if isinstance(item, Unreadable) else item


def record_of(pool: str, raw: Mapping[str, Any], now: float) -> PoolRecord | Diagnostic:
    """The record, or TD624; ``now`` is in seconds since the epoch."""
    item = item_of(pool, raw, now)
    if isinstance(item, Diagnostic):
        return item
    tokens = item["tokens"]
    leases = [Lease.from_record(pool, key, r, int(tokens.get(key, 0))) for key, r in item["leases"].items()]
    return PoolRecord(
        pool=pool,
        state=State(item["state"]),
        count=int(item["count"]),
        token=int(item["token"]),
        leases=tuple(sorted(leases, key=lambda lease: lease.created)),
        stopper=Process.from_record(item["stopper"]) if "stopper" in item else None,
        stopping_since=int(item.get("stopping_since", 0)),
        reaped=int(item.get("reaped", 0)),
        ended=item.get("ended", {}),
        handle=item.get("handle") or {},
        prices=item.get("prices") or {},
    )


def illegible_in(told: Mapping[str, PoolRecord | Diagnostic]) -> Gaps:
    """The pools of a look at the table whose items cannot be read."""
    broken = {pool: one for pool, one in told.items() if isinstance(one, Diagnostic)}
    parts = tuple(Broken(f"pool {pool}", one.detail) for pool, one in broken.items())
    return Gaps(unreadable=parts, problems=tuple(broken.values()))


def elsewhere(record: PoolRecord, wanted: str) -> Diagnostic:
    """TD621: the pool has its capacity where ``wanted`` would not find it again."""
    there = record.handle.get("backend")
    where = f"backend {there}" if there != wanted else "another cluster"
    return Diagnostic(
        "TD621",
        Severity.ERROR,
        "The pool holds capacity in another place",
        detail=f"{record.pool}, held by {record.holders}: what it has is of {where}, and the spec now says {wanted}. "
        "Another handle in the lease table would put it out of reach of every brake.",
        fix=f"`tideform burst down {record.pool}` ends your bursts of it, with --all everybody's; then `tideform "
        "apply` makes the change.",
        path=f"training.{record.pool}.backend",
    )


def _illegible(pool: str, found: Unreadable) -> Diagnostic:
    return Diagnostic(
        "TD624",
        Severity.ERROR,
        "An item of the lease table cannot be read",
        detail=f"{found.item['pk']}: {found.why}. Who holds {pool}, and until when, is not known.",
        fix="The reaper ends the pool's capacity within five minutes and makes the item whole; `tideform burst reap` "
        "does it now.",
    )
