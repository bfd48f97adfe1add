"""A look that an end waits for, and not for long: what it has not learnt by then stays unknown, and the end goes on.

Machines cost money while somebody is asked what their jobs have come to. A service that hangs, or that has pages and
pages to tell, holds up nothing but its own answer: it is asked in a thread of its own, which is left alone when time
is up, and sends nothing more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextvars import copy_context
from threading import Thread
from typing import TypeVar

from tideform.reaper.fence import until

T = TypeVar("T")
LOOK = 10.0  # seconds for all questions of one look together


class TooLongError(Exception):
    """There was no answer in time."""


def briefly(look: Callable[[], T], seconds: float = LOOK) -> T:
    """What ``look`` finds. Raises what that raises, and `TooLongError` where it takes longer than ``seconds``."""
    found: Future[T] = Future()
    asking = copy_context()  # with the fence of whoever asks
    Thread(target=lambda: asking.run(_ask, look, seconds, found), daemon=True).start()
    wait([found], timeout=seconds)
    if not found.done():
        raise TooLongError(f"there was no answer within {seconds:g} s")
    return found.result()


def _ask(look: Callable[[], T], seconds: float, found: Future[T]) -> None:
    try:
        with until(time.monotonic() + seconds, TooLongError(f"{seconds:g} s are over")):
            found.set_result(look())
    except BaseException as error:  # noqa: BLE001  # whoever asked gets it
        found.set_exception(error)
