"""Going on while a service cannot be reached: a burst's work for a bounded time, its end until it is done.

The SDK tries each call again for some seconds (`tideform.cloud`). This is for what lasts longer: a table that is
throttled or refuses, credentials that are renewed, a network that is away.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tideform.burst.halt import Limit, Pause, Say
from tideform.burst.waiting import Waiting
from tideform.errors import BrokenRecord, CloudError, LeftoversError, TideformError

T = TypeVar("T")
_AWAY = 600.0  # seconds that work goes on without its record: two rounds of the reaper
_BEFORE = 60.0  # seconds that a command waits before it has begun anything
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 10.0
_TWICE = 2  # how often somebody has to ask before an end is given up
_AT_LEAST = 10.0  # seconds that an end is tried in any case: one refusal is no outage
_FAULT = 500  # HTTP statuses from here on are the service's own
_PASSES = re.compile("Throttl|LimitExceeded|ThroughputExceeded|TooManyRequests|SlowDown|Expired|InternalServer|Unavail")
_NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError")


@dataclass(frozen=True)
class Persistence:
    """How an end is tried again: ``asked`` tells how often somebody asked to stop, ``over`` whether it is too late."""

    say: Say
    asked: Callable[[], int] = lambda: 0
    over: Callable[[], bool] = lambda: False

    def until_done(self, attempt: Callable[[], T], pool: str) -> T:
        """What ``attempt`` returns, once no service refuses it any more.

        Raises `LeftoversError` TD618 when it is given up: asked twice to stop, or `over`. What is broken it raises at
        once: asking again mends nothing.
        """
        began, wait, waiting = time.monotonic(), _FIRST_WAIT, Waiting(self.say, after=0.0)
        while True:
            try:
                return attempt()
            except CloudError as error:
                if isinstance(error, BrokenRecord):
                    raise
                insisted = self.asked() >= _TWICE and time.monotonic() - began >= _AT_LEAST
                if insisted or self.over():
                    raise _given_up(error, pool) from error
                waiting.on(f"{_words(error)} The end is tried again until it is done; asking twice gives it up.")
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)


def any_refusal(_: CloudError) -> bool:
    """Of a service that has answered just now, a missing right as well: policies change, and take their time."""
    return True


def passing(error: CloudError) -> bool:
    """Whether it may be over in a minute: throttling, credentials that ran out, a fault of the service, no answer.

    Not what a right is missing for. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
    """
    cause = error.__cause__
    answer = getattr(cause, "response", None)
    if not answer:
        return type(cause).__name__ not in _NO_CREDENTIALS
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return status >= _FAULT or passes(str(answer.get("Error", {}).get("Code", "")))


def passes(words: str) -> bool:
    """Whether a service's code, or text with one in it, is of a refusal that may be over in a minute."""
    return _PASSES.search(words) is not None


def patiently(
    attempt: Callable[[], T], say: Say, pause: Pause = time.sleep, worth: Callable[[CloudError], bool] = any_refusal
) -> T:
    """What ``attempt`` returns; a service that refuses is asked again for a minute, told once. Raises its refusal then.

    For what a command has to know before it begins anything, or anything more; ``pause`` may raise what ends the wait.
    A refusal that is not ``worth`` it is raised at once.
    """
    until, wait, told = time.monotonic() + _BEFORE, _FIRST_WAIT, False
    while True:
        try:
            return attempt()
        except CloudError as error:
            if time.monotonic() >= until or not worth(error):
                raise
            if not told:
                say(f"{_words(error)} It is asked again for up to {_BEFORE:.0f} seconds.")
            told = True
        pause(wait)
        wait = min(2 * wait, _LONGEST_WAIT)


def tolerating(limit: Limit, say: Say, clock: Callable[[], float] = time.monotonic) -> Limit:
    """A limit that may go unanswered for ten minutes, told once; what it raises after that is the service's refusal."""
    since: float | None = None

    def tolerant() -> None:
        nonlocal since
        try:
            limit()
        except CloudError as error:
            if since is None:
                since = clock()
                say(f"{_words(error)} The work goes on for up to {_AWAY / 60:.0f} minutes without.")
            if clock() - since >= _AWAY:
                raise
            return
        if since is not None:
            since = None
            say("It can be reached again.")

    return tolerant


def _words(error: CloudError) -> str:
    found = error.diagnostics[0]
    return f"{found.summary}: {found.detail.rstrip('.')}."


def _given_up(error: CloudError, pool: str) -> TideformError:
    left = LeftoversError.of(
        "TD618",
        "The end of the burst was given up",
        detail=f"What ends {pool} was asked for again and again, and refused. Its capacity may stand, its record does.",
        fix=f"`tideform burst down {pool}` goes on with it; the reaper ends it at its deadline.",
    )
    return LeftoversError((*error.diagnostics, *left.diagnostics))
