"""Schedules as EventBridge takes them: ``cron(0 2 * * ? *)`` and ``rate(1 day)``.

Source: the EventBridge Scheduler user guide, 'Schedule types'. Six fields; one of the two days is ``?``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tideform.diagnostics import Diagnostic, Severity
from tideform.spec.nodes import Path
from tideform.spec.subject import Subject
from tideform.spec.suggest import did_you_mean
from tideform.spec.time_zones import time_zones
from tideform.spec.training import Schedule

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

# name, lowest, highest, words that stand for numbers from the lowest on
_FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minutes", 0, 59, []),
    ("hours", 0, 23, []),
    ("day of the month", 1, 31, []),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 1, 7, _DAYS),
    ("year", 1970, 2199, []),
)


def schedules(subject: Subject) -> Iterator[Diagnostic]:
    """Every pool's schedule has to be one."""
    for name, pool in subject.spec.training.items():
        if pool.schedule is not None:
            yield from _schedule(subject, ("training", name, "schedule"), pool.schedule)


def _schedule(subject: Subject, path: Path, schedule: Schedule) -> Iterator[Diagnostic]:
    where = (*path, "cron") if subject.given((*path, "cron")) else path
    if reason := what_is_wrong(schedule.expression):
        fix = "Write cron(MINUTES HOURS DAY MONTH WEEKDAY YEAR) such as cron(0 2 * * ? *), or rate(1 day)."
        yield subject.problem("TD142", where, reason, fix=fix)
    elif schedule.expression.startswith("rate("):
        detail = "AWS calls a rate(…) for the first time when it is made: the apply starts a burst."
        fix = "Use cron(…) to say when; or take it as it is."
        yield subject.problem("TD172", where, detail, fix=fix, severity=Severity.WARNING)
    if (zone := schedule.timezone) not in time_zones():
        detail = f"{zone[:60]!r} is no time zone of the IANA's list, which AWS goes by."
        fix = did_you_mean(zone, time_zones()) or "Write one such as Europe/Berlin or America/New_York."
        yield subject.problem("TD142", (*path, "timezone"), detail, fix=fix)


def what_is_wrong(schedule: str) -> str:
    """Why this is no schedule; nothing if it is one."""
    if match := re.fullmatch(r"rate\(([0-9]{1,4}) (minute|hour|day)(s?)\)", schedule):
        if int(match[1]) == 0:
            return "A rate of 0 never comes."
        return "" if (int(match[1]) > 1) == bool(match[3]) else "It is 'rate(1 day)' and 'rate(2 days)'."
    match = re.fullmatch(r"cron\((.*)\)", schedule)
    if match is None:
        return f"{schedule[:60]!r} is neither cron(…) nor rate(…)."
    fields = match[1].split()
    if len(fields) != len(_FIELDS):
        return f"cron(…) has {len(_FIELDS)} fields on AWS, the last one the year; here are {len(fields)}."
    if (fields[2] == "?") == (fields[4] == "?"):
        return "Exactly one of the two days, of the month and of the week, has to be '?'."
    wrong = (_field(text, *rule) for text, rule in zip(fields, _FIELDS, strict=True))
    return next(filter(None, wrong), "")


def _field(text: str, name: str, low: int, high: int, words: list[str]) -> str:
    day = name.startswith("day")
    if text == "*" or (day and text == "?"):
        return ""
    if day and re.fullmatch(r"L|LW|[0-9]{1,2}W|[1-7]L|[1-7]#[1-5]", text):
        return ""
    for part in text.split(","):
        span, _, step = part.partition("/")
        ends = ["*"] if span == "*" else span.split("-", 1)
        numbers = [_number(end, low, words) for end in ends]
        if not all(number is None or low <= number <= high for number in numbers) or _bad_step(part, step):
            return f"{text!r} is no {name}, which runs from {low} to {high}."
    return ""


def _number(text: str, low: int, words: list[str]) -> int | None:
    """The number a text means; None for every number; -1 for none."""
    if text == "*":
        return None
    if text.upper() in words:
        return low + words.index(text.upper())
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) else -1


def _bad_step(part: str, step: str) -> bool:
    return "/" in part and not re.fullmatch(r"[1-9][0-9]{0,3}", step)
