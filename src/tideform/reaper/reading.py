"""Reading a pool's item as it should be, or saying what is wrong with it: nothing in the table may stop a round. Pure.

What is read has the shape that was written, and no deadline beyond the longest lease that there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from tideform.reaper.endings import longest, needs
from tideform.reaper.items import Item
from tideform.reaper.legible import Rule, moment, natural, number, text, whole
from tideform.reaper.modes import MODES
from tideform.reaper.shares import MACHINES
from tideform.reaper.states import IDLE, STATES, STOPPING

_FORTUNE = Decimal(10) ** 12  # USD
_PIDS = 2**31  # more than any system has
_AHEAD = 3600  # seconds that a clock may be ahead of ours


@dataclass(frozen=True)
class Unreadable:
    """A pool's item that cannot be read, and why."""

    item: Item
    why: str


class _Wrong(Exception):  # noqa: N818  # never leaves this module
    """What is wrong with an item."""


def read(item: Mapping[str, Any], now: float) -> Item | Unreadable:
    """The pool's item, or what is wrong with it; never raises. ``now`` is in seconds since the epoch."""
    try:
        return _pool(item, now)
    except _Wrong as wrong:
        return Unreadable(dict(item), str(wrong))


def reapable(item: Mapping[str, Any], now: float) -> Item | Unreadable:
    """As `read`, for whoever ends pools: one that is held has to say how."""
    found = read(item, now)
    if isinstance(found, Unreadable) or (not found["leases"] and found["state"] == IDLE):
        return found
    return found if usable(found.get("handle")) else Unreadable(found, "it has no handle")


def usable(handle: object) -> bool:
    """Whether a handle leads to the capacity of a backend that we know."""
    if not isinstance(handle, Mapping):
        return False
    wanted = needs(str(handle.get("backend")))
    tags = handle.get("tags")
    found = wanted is not None and all(isinstance(handle.get(key), str) for key in wanted)
    return found and isinstance(tags, Mapping) and bool(tags) and all(isinstance(tag, str) for tag in tags.values())


def _pool(item: Mapping[str, Any], now: float) -> Item:
    _check(item, _POOL)
    if item["state"] == STOPPING or "stopper" in item:
        _check(item, _STOPPING)
    _check({"handle": item.get("handle", {})}, {"handle": _empty_or_usable})
    most = longest(str(item.get("handle", {}).get("backend")))
    for name, held in item["leases"].items():
        _check(held, _LEASE, f"lease {name}: ")
        if "cap_usd" not in held:  # None is no cap; one that was lost is not the same
            raise _Wrong(f"lease {name}: it has no cap_usd")
    leases = {name: _bounded(name, held, most, now) for name, held in item["leases"].items()}
    for name, held in item["ended"].items():
        _check(held, _ENDED, f"ended lease {name}: ")
    return {**item, "leases": leases}


def _bounded(name: str, held: Mapping[str, Any], most: int, now: float) -> Item:
    if held["created"] > now + _AHEAD:
        raise _Wrong(f"lease {name}: it was created in the future")
    return {**held, "deadline": max(0, min(held["deadline"], held["created"] + most))}


def _check(found: object, rules: Mapping[str, Rule], where: str = "") -> None:
    """Raise `_Wrong` at the first attribute that is not what it should be; rules take None for one that is absent."""
    if not isinstance(found, Mapping):
        raise _Wrong(f"{where}it is no map")
    for key, rule in rules.items():
        if key not in found and not rule(None):
            raise _Wrong(f"{where}it has no {key}")
        if key in found and not rule(found[key]):
            raise _Wrong(f"{where}its {key} is {str(found[key])[:40]!r}")


def _maps_to(rule: Rule) -> Rule:
    return lambda value: isinstance(value, Mapping) and all(map(rule, value.values()))


def _maybe(rule: Rule) -> Rule:
    return lambda value: value is None or rule(value)


def _money(value: object) -> bool:
    """An amount as a lease has it: a text, since DynamoDB's numbers are not Python's."""
    if value is None or number(value):
        return True
    try:
        return isinstance(value, str) and Decimal(value).is_finite() and abs(Decimal(value)) < _FORTUNE
    except InvalidOperation:
        return False


def _process(value: object) -> bool:
    texts, numbers = ("host", "boot", "namespace"), ("pid", "started")
    return (
        isinstance(value, Mapping)
        and all(text(value.get(key)) for key in texts)
        and all(whole(value.get(key)) for key in numbers)
        and 0 <= value["pid"] < _PIDS
    )


def _empty_or_usable(value: object) -> bool:
    return value == {} or usable(value)


_MAP = _maps_to(lambda _: True)
_ENDED: Mapping[str, Rule] = {"owner": text, "created": moment, "ended": moment, "mode": _maybe(text)}
_POOL: Mapping[str, Rule] = {
    "state": STATES.__contains__,
    "count": natural,
    "token": natural,
    "leases": _MAP,
    "tokens": _maps_to(natural),
    "ended": _MAP,
    "handle": _maybe(_MAP),
    "prices": _maybe(_maps_to(number)),
    "reaped": _maybe(moment),
    "begun": _maybe(moment),
    "fence": _maybe(natural),
}
_STOPPING: Mapping[str, Rule] = {"stopper": _process, "stopping_since": moment}
_LEASE: Mapping[str, Rule] = {
    "owner": text,
    "process": _process,
    "mode": MODES.__contains__,
    "created": moment,
    "deadline": number,
    "cap_usd": _money,
    "hourly_usd": _money,
    "detached": lambda value: isinstance(value, bool),
    "checkpoint_uri": _maybe(text),
    "job": _maybe(text),
    "begin_by": _maybe(moment),
    "begun": _maybe(moment),
    "again": _maybe(moment),
    MACHINES: _maybe(natural),
}
