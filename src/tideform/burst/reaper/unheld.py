"""Capacity that nobody holds any more: machines past the time on their own tags, of pools without a lease."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tideform.burst.reaper import instances
from tideform.burst.reaper.base import Clients, Node
from tideform.burst.reaper.items import Item
from tideform.burst.reaper.ledger import pool_of
from tideform.burst.reaper.settings import Settings

_EXPIRES, _UNIT = "tideform:expires", "tideform:unit"


def expired(clients: Clients, settings: Settings, pools: Iterable[Item], now: float) -> dict[str, list[Node]]:
    """Machines by their pool: past ``tideform:expires``, in the project and environment, and without a lease."""
    held = {pool_of(item["pk"]) for item in pools if item["leases"]}
    filters = [
        {"Name": "tag:tideform:project", "Values": [settings.project]},
        {"Name": "tag:tideform:environment", "Values": [settings.environment]},
        {"Name": "tag-key", "Values": [_EXPIRES]},
        {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
    ]
    found: dict[str, list[Node]] = {}
    for machine in instances.described(clients, filters):
        tags = {tag["Key"]: tag["Value"] for tag in machine["Tags"]}
        pool = tags.get(_UNIT, "")
        if pool not in held and _past(tags[_EXPIRES], now):
            found.setdefault(pool, []).append(instances.node_of(machine))
    return found


def _past(written: str, now: float) -> bool:
    """A time that nobody can read is past: what it was set on is ours, and nobody holds it."""
    try:
        return datetime.fromisoformat(written).timestamp() <= now
    except ValueError:
        return True
