"""Reading a pool's item as it should be, or saying what is wrong with it: nothing in the table may stop a round. Pure.

What is read has the shape that was written, and no deadline beyond the longest lease that there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from tideform.burst.reaper.endings import needs
from tideform.burst.reaper.items import Item
from tideform.burst.reaper.legible import Rule, number, text, whole

_LONGEST, _LONGEST_OF = 7 * 86_400, {"ec2": 2 * 86_400}  # seconds; SSM runs a command for two days at most
_AHEAD = 3600  # seconds that a clock may be ahead of ours
STATES = ("idle", "starting", "up", "stopping")
MODES = ("run", "up", "schedule")


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
    if isinstance(found, Unreadable) or (not found["leases"] and found["state"] == "idle"):
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
    if item["state"] == "stopping" or "stopper" in item:
        _check(item, _STOPPING)
    _check({"handle": item.get("handle", {})}, {"handle": _empty_or_usable})
    longest = _LONGEST_OF.get(str(item.get("handle", {}).get("backend")), _LONGEST)
    for name, held in item["leases"].items():
        _check(held, _LEASE, f"lease {name}: ")
    leases = {name: _bounded(name, held, longest, now) for name, held in item["leases"].items()}
    for name, held in item["ended"].items():
        _check(held, _ENDED, f"ended lease {name}: ")
    return {**item, "leases": leases}


def _bounded(name: str, held: Mapping[str, Any], longest: int, now: float) -> Item:
    if held["created"] > now + _AHEAD:
        raise _Wrong(f"lease {name}: it was created in the future")
    return {**held, "deadline": min(held["deadline"], held["created"] + longest)}


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
        return isinstance(value, str) and Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _process(value: object) -> bool:
    texts, numbers = ("host", "boot", "namespace"), ("pid", "started")
    return (
        isinstance(value, Mapping)
        and all(text(value.get(key)) for key in texts)
        and all(whole(value.get(key)) for key in numbers)
    )


def _empty_or_usable(value: object) -> bool:
    return value == {} or usable(value)


_MAP = _maps_to(lambda _: True)
_ENDED: Mapping[str, Rule] = {"owner": text, "created": number, "ended": number}
_POOL: Mapping[str, Rule] = {
    "state": STATES.__contains__,
    "count": whole,
    "token": whole,
    "leases": _MAP,
    "tokens": _maps_to(whole),
    "ended": _MAP,
    "handle": _maybe(_MAP),
    "prices": _maybe(_maps_to(number)),
    "reaped": _maybe(number),
    "begun": _maybe(number),
    "fence": _maybe(whole),
}
_STOPPING: Mapping[str, Rule] = {"stopper": _process, "stopping_since": number}
_LEASE: Mapping[str, Rule] = {
    "owner": text,
    "process": _process,
    "mode": MODES.__contains__,
    "created": number,
    "deadline": number,
    "cap_usd": _money,
    "hourly_usd": _money,
    "detached": lambda value: isinstance(value, bool),
    "checkpoint_uri": _maybe(text),
    "job": _maybe(text),
    "begin_by": _maybe(number),
}
