"""Bursts that nobody waits for: a schedule or an event began them, and the reaper ends them when their job is over."""

from __future__ import annotations

from tideform.burst.reaper.base import Clients
from tideform.burst.reaper.endings import batch
from tideform.burst.reaper.items import Item

MODE = "schedule"
JOB_OVER = "its job is over"
NEVER_BEGAN = "its job was never submitted"
_TO_SUBMIT = 600.0  # seconds that a starter may take between its lease and its job


def over(clients: Clients, item: Item, now: float) -> dict[str, str]:
    """The leases of a pool whose jobs are over, and why they end."""
    waiting = {lease: held for lease, held in item["leases"].items() if held["mode"] == MODE}
    if not waiting:
        return {}
    working = {batch.lease_of(job) for job in batch.jobs(clients, item["handle"])}
    found: dict[str, str] = {}
    for lease, held in waiting.items():
        if lease not in working and "job" in held:
            found[lease] = JOB_OVER
        elif "job" not in held and now >= held["created"] + _TO_SUBMIT:
            found[lease] = NEVER_BEGAN
    return found
