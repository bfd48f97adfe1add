"""In whose name capacity is launched, and whether that name still counts. Pure.

A claim goes into the very request that launches, so that each machine and job says itself which lease it is of, until
when, and under which fencing token. The pool's ``fence`` is the token of its last teardown: what carries that one or an
older one belongs to a burst that is over, whoever holds the pool now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tideform.reaper.items import Item
from tideform.reaper.states import STOPPING

LEASE, EXPIRES, TOKEN = "tideform:lease", "tideform:expires", "tideform:token"


@dataclass(frozen=True)
class Claim:
    """``deadline`` is the latest of the pool's leases, in seconds since the epoch."""

    lease: str
    token: int
    deadline: int
    fence: int = 0

    @property
    def tags(self) -> dict[str, str]:
        """What is launched says of itself."""
        return {LEASE: self.lease, EXPIRES: utc(self.deadline), TOKEN: str(self.token)}

    def over(self, tags: Mapping[str, str]) -> dict[str, str]:
        """``tags`` of what launches, with this claim; as they are where they name a burst that still holds the pool."""
        return dict(tags) if token_of(tags) > self.fence else {**tags, **self.tags}


def claim(item: Item, lease: str) -> Claim:
    """The claim of a lease that the pool's item has."""
    leases = item["leases"]
    return Claim(
        lease=lease,
        token=int(item["tokens"][lease]),
        deadline=max(int(one["deadline"]) for one in leases.values()),
        fence=int(item.get("fence") or 0),
    )


def lost(item: Item | None, lease: str, now: float) -> str:
    """Why nothing may be launched in the name of a lease; empty while it may."""
    held = (item or {}).get("leases", {}).get(lease)
    if item is None or held is None:
        return "its lease has been ended"
    if item["state"] == STOPPING:
        return "its pool is being taken down"
    if lease not in item["tokens"]:
        return "its lease has no token"
    return "its lease has run out" if now >= held["deadline"] else ""


def token_of(tags: Mapping[str, Any]) -> int:
    """The token that something was launched under; 0 where it says none that can be read."""
    told = str(tags.get(TOKEN, ""))
    return int(told) if told.isascii() and told.isdigit() else 0


def utc(when: float) -> str:
    """Seconds since the epoch as tags say them."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
