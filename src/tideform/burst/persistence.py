"""Going on while a service cannot be reached: a burst's work for a bounded time, its end until it is done.

The SDK tries each call again for some seconds (`tideform.cloud`). This is for what lasts longer: a table that is
throttled or refuses, credentials that are renewed, a network that is away.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tideform.burst.halt import Limit, Say
from tideform.errors import CloudError, LeftoversError, TideformError

T = TypeVar("T")
_AWAY = 600.0  # seconds that work goes on without its record: two rounds of the reaper
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 10.0
_TWICE = 2  # how often somebody has to ask before an end is given up
_AT_LEAST = 10.0  # seconds that an end is tried in any case: one refusal is no outage


@dataclass(frozen=True)
class Persistence:
    """How an end is tried again: ``asked`` tells how often somebody asked to stop, ``over`` whether it is too late."""

    say: Say
    asked: Callable[[], int] = lambda: 0
    over: Callable[[], bool] = lambda: False

    def until_done(self, attempt: Callable[[], T], pool: str) -> T:
        """What ``attempt`` returns, once no service refuses it any more.

        Raises `LeftoversError` TD618 when it is given up: asked twice to stop, or `over`.
        """
        began, wait, told = time.monotonic(), _FIRST_WAIT, False
        while True:
            try:
                return attempt()
            except CloudError as error:
                insisted = self.asked() >= _TWICE and time.monotonic() - began >= _AT_LEAST
                if insisted or self.over():
                    raise _given_up(error, pool) from error
                if not told:
                    self.say(f"{_words(error)} The end is tried again until it is done; asking twice gives it up.")
                told = True
            time.sleep(wait)
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
