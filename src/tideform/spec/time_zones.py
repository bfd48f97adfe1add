"""The time zones that schedules may be in: the IANA's names, whatever else this machine's own list has.

A system's list holds names of its own (``localtime``), and ``Factory``, which stands for a clock that nobody has set.
EventBridge Scheduler goes by the IANA's database:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#time-zones
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_NO_PLACE = frozenset({"Factory"})


@cache
def time_zones() -> frozenset[str]:
    """Every name and alias: ``Europe/Berlin``, ``UTC``, ``US/Eastern``."""
    names = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(names) - _NO_PLACE
