"""How many of a pool's machines its leases have taken, where each job brings its own and nothing else bounds them.

Pure. A lease's ``machines`` stand in the pool's item: they are free again when the lease is over, whoever ends it.
"""

from __future__ import annotations

from tideform.reaper.items import Item

MACHINES = "machines"


def taken(item: Item, besides: str) -> int:
    """The machines of all leases but one; of all where that is empty."""
    return sum(machines(item, lease) for lease in item.get("leases", {}) if lease != besides)


def too_many(item: Item, lease: str, most: int) -> str:
    """Why a lease that was written with its machines has no room beside those written before it; empty where it has.

    Those that were written after it find it there, so of two at the same time one has the room.
    """
    tokens = item["tokens"]
    before = sum(machines(item, other) for other, token in tokens.items() if token < tokens[lease])
    own = machines(item, lease)
    return "" if before + own <= most else f"{before} of {most} machines are taken, and its job wants {own}"


def machines(item: Item, lease: str) -> int:
    """What one lease has taken."""
    return int(item["leases"].get(lease, {}).get(MACHINES) or 0)
