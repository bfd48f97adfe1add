"""What is reserved for a pool and used by nobody: it costs the same, so somebody is told, once a day at most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tideform.reaper import tell
from tideform.reaper.base import Clients
from tideform.reaper.items import Items
from tideform.reaper.legible import number
from tideform.reaper.reserved import look
from tideform.reaper.settings import Settings

PREFIX = "idle#"
_DAY = 86_400  # seconds


def tell_idle(clients: Clients, settings: Settings, items: Items, pool: str, now: float) -> list[str]:
    """Tell of the pool's idle reservations, unless that was done within a day; what was told.

    ``settings.reserved`` has each pool's ``ids`` and the ``prices`` of its types. It is written down before it is
    told: a topic that refuses is not tried again before the next day.
    """
    key = f"{PREFIX}{pool}"
    told = items.get(key)
    if told is not None and number(told.get("told")) and told["told"] > now - _DAY:
        return []
    named: Mapping[str, Any] = settings.reserved[pool]
    idle = [str(one) for one in look(clients, named["ids"], named["prices"]) if one.idle]
    due = "attribute_not_exists(pk) OR NOT attribute_type(told, :number) OR told <= :since"
    if not idle or not items.put({"pk": key, "told": int(now)}, due, {":since": int(now) - _DAY, ":number": "N"}):
        return []
    tell.message(clients, settings, "\n".join([f"Reserved for {pool}, and used by nobody now:", *idle]))
    return idle
