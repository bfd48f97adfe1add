"""What can be read of all items but the pools' own (`reading`): whatever is in the table, it raises nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Rule = Callable[[Any], bool]
THE_TABLE = "the lease table"  # what a heartbeat's failures call it, beside pools


def number(value: object) -> bool:
    """Whether it is a number that can be reckoned with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _ABSURD


def whole(value: object) -> bool:
    """Whether it is a whole number, and not just as good as one."""
    return number(value) and isinstance(value, int)


def natural(value: object) -> bool:
    """Whether it is a number that counts something."""
    return whole(value) and value >= 0  # type: ignore[operator]  # a number


def moment(value: object) -> bool:
    """Whether it is a time since the epoch, or a span, in seconds: of the years that a calendar has."""
    return number(value) and 0 <= value < _CENTURIES  # type: ignore[operator]  # a number


def text(value: object) -> bool:
    """Whether it is a text."""
    return isinstance(value, str)


def legible(item: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of an account that are what they should be; of maps the entries that are."""
    found = {name: item[name] for name, rule in _PLAIN.items() if name in item and rule(item[name])}
    for name, entry in _MAPS.items():
        given = item.get(name)
        if isinstance(given, Mapping):
            found[name] = {key: value for key, value in given.items() if entry(value)}
    return found


def illegible(item: Mapping[str, Any]) -> list[str]:
    """The attributes of an account that `legible` leaves out, or of which it leaves something out."""
    kept = legible(item)
    return [name for name in (*_PLAIN, *_MAPS) if name in item and (name not in kept or kept[name] != item[name])]


def heartbeat(item: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The reaper's heartbeat: ``at``, ``failures`` by pool and ``used_up``; one that cannot be read is of 1970.

    ``blind`` is why the round could not read the table, empty where it could: it knows no lease and no account then.
    """
    if item is None:
        return None
    told = item.get("failures")
    failures = {key: str(why) for key, why in told.items()} if isinstance(told, Mapping) else {}
    return {
        "at": item["at"] if moment(item.get("at")) else 0,
        "failures": failures,
        "blind": failures.get(THE_TABLE, ""),
        "used_up": item["used_up"] if text(item.get("used_up")) else "",
    }


def seen(item: Mapping[str, Any] | None) -> dict[str, float]:
    """Since when machines by hand are known, by their ids: seconds since the epoch; what is no such entry is absent."""
    told = (item or {}).get("seen")
    return {key: when for key, when in told.items() if moment(when)} if isinstance(told, Mapping) else {}


def idle_since(item: Mapping[str, Any]) -> float | None:
    """Since when a pool has been idle, in seconds since the epoch, 0 while it worked; None if that cannot be read."""
    since = item.get("idle_since")
    return since if moment(since) else None


def _list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(text, value))


def _sums(value: object) -> bool:
    return isinstance(value, Mapping) and all(map(number, value.values()))


def _entry(needed: Mapping[str, Rule], optional: Mapping[str, Rule]) -> Rule:
    """A map of just these attributes."""

    def fits(value: object) -> bool:
        if not isinstance(value, Mapping) or not needed.keys() <= value.keys() <= {**needed, **optional}.keys():
            return False
        return all(rule(value[key]) for key, rule in {**needed, **optional}.items() if key in value)

    return fits


_ABSURD = 1e18
_CENTURIES = 1e11
_PLAIN: Mapping[str, Rule] = {
    "at": moment,
    "version": number,
    "usd": number,
    "hourly": number,
    "types": _list_of_texts,
    "unpriced": _list_of_texts,
}
_MAPS: Mapping[str, Rule] = {
    "nodes": _entry({"seconds": moment, "until": moment}, {"lost": lambda value: isinstance(value, bool)}),
    "leases": _entry(
        {"owner": text, "created": moment},
        {"ended": lambda value: value is None or moment(value), "usd": number, "seconds": number, "mode": text},
    ),
    "months": number,
    "owners": _sums,
    "own": number,
    "types_of": _list_of_texts,
    "unpriced_of": _list_of_texts,
}
