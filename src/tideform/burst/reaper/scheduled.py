"""Bursts that nobody waits for: a schedule or an event began them, and the reaper ends them when their job is over."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from tideform.burst.reaper.base import Clients
from tideform.burst.reaper.items import Item
from tideform.burst.reaper.starting import starting

MODE = "schedule"
JOB_OVER = "its job is over"
NEVER_BEGAN = "its job was never submitted"
TO_BEGIN = 600.0  # seconds that a starter may take between its lease and its job, unless its plan says another
_SEEN = 60.0  # seconds after which a job that was begun is in every list of its service


def over(clients: Clients, item: Item, now: float, known: Container[str] = ()) -> dict[str, str]:
    """The leases of a pool whose jobs are over, and why they end; ``known`` end anyway, and are not asked about."""
    leases = item["leases"].items()
    waiting = {lease: held for lease, held in leases if held["mode"] == MODE and lease not in known}
    if not waiting:
        return {}
    backend = starting(item["handle"]["backend"])
    working = backend.working(clients, item["handle"])
    found: dict[str, str] = {}
    for lease, held in waiting.items():
        if not alive(held, now):
            found[lease] = NEVER_BEGAN
        elif lease not in working and "job" in held and now >= item.get("begun", 0) + _SEEN:
            found[lease] = backend.failed(clients, item["handle"], str(held["job"])) or JOB_OVER
    return found


def alive(held: Mapping[str, Any], now: float) -> bool:
    """Whether a lease has its job, or may still get it."""
    return "job" in held or now < held.get("begin_by", held["created"] + TO_BEGIN)
