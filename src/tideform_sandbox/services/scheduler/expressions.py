"""When a schedule expression comes due. Pure: a moment in, the next one out.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from tideform.spec.time_zones import time_zones

_UNITS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_AT = re.compile(r"at\((.+)\)")
_CRON = re.compile(r"cron\((.+)\)")
_LAST_YEAR = 2199
_LOOKS = 1000  # occurrences that a year may rule out before we give up


class BadExpressionError(ValueError):
    """It is no schedule expression, or one that is not emulated."""


def following(expression: str, after: float, *, zone: str = "UTC", anchor: float = 0.0) -> float | None:
    """The first moment later than ``after`` (seconds since the epoch); None if there is none any more.

    ``anchor`` is when a rate counts from; the anchor itself is its first moment. Raises `BadExpressionError`.
    """
    if match := _RATE.fullmatch(expression):
        return _rate(int(match[1]) * _UNITS[match[2]], after, anchor)
    if match := _AT.fullmatch(expression):
        at = _moment(match[1], zone)
        return at if at > after else None
    if match := _CRON.fullmatch(expression):
        return _cron(match[1], after, zone)
    raise BadExpressionError(f"Invalid Schedule Expression {expression}.")


def is_once(expression: str) -> bool:
    """Whether it comes due one time only."""
    return _AT.fullmatch(expression) is not None


def _rate(period: float, after: float, anchor: float) -> float:
    if period <= 0:
        raise BadExpressionError("a rate of 0 never comes")
    return anchor if anchor > after else anchor + (math.floor((after - anchor) / period) + 1) * period


def _moment(text: str, zone: str) -> float:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=_zone(zone)).timestamp()
    except ValueError as error:
        raise BadExpressionError(f"Invalid Schedule Expression at({text}).") from error


def _cron(text: str, after: float, zone: str) -> float | None:
    """Hours that the clock skips are skipped, and those that come twice count once, as AWS has it."""
    fields = text.upper().split()
    if len(fields) != 6:
        raise BadExpressionError("cron(…) has six fields: minutes, hours, day, month, weekday, year")
    minutes, hours, day, month, weekday, year = fields
    years = _years(year)
    simple = f"0 {minutes} {hours} {day.replace('?', '*')} {month} {_weekdays(weekday)}"
    try:
        for found in _moments(simple, after, zone):
            if found.year > max(years):
                return None
            if found.year in years and found.fold == 0:
                return found.timestamp()
    except CronSimError as error:
        raise BadExpressionError(f"cron({text}): {error}") from error
    return None


def _moments(simple: str, after: float, zone: str) -> Iterator[datetime]:
    dates = CronSim(simple, datetime.fromtimestamp(math.floor(after), UTC).astimezone(_zone(zone)))
    for _ in range(_LOOKS):
        try:
            yield next(dates)
        except StopIteration:
            return


def _weekdays(field: str) -> str:
    """AWS counts from Sunday as 1, everybody else as 0; the number behind ``#`` or ``/`` is none of a day."""
    if field == "?":
        return "*"
    return re.sub(r"(?<![#/\d])\d+", lambda match: str(int(match.group()) - 1), field)


def _years(field: str) -> set[int]:
    if field == "*":
        return set(range(1970, _LAST_YEAR + 1))
    years: set[int] = set()
    for part in field.split(","):
        match = re.fullmatch(r"(\*|\d{4})(?:-(\d{4}))?(?:/(\d+))?", part)
        if match is None:
            raise BadExpressionError(f"no years: {field}")
        first = 1970 if match[1] == "*" else int(match[1])
        last = int(match[2]) if match[2] else _LAST_YEAR if match[3] or match[1] == "*" else first
        years |= set(range(first, last + 1, int(match[3] or 1)))
    return years


def _zone(name: str) -> ZoneInfo:
    if name not in time_zones():
        raise BadExpressionError(f"no time zone {name}")
    return ZoneInfo(name)
