"""A look before an end is brief: the end does not wait for a service that hangs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Event

import pytest

from tideform.cloud import Cloud
from tideform.reaper.brief import TooLongError, briefly
from tideform.reaper.fence import until


@pytest.fixture
def never() -> Iterator[Event]:
    """What a service that hangs waits for."""
    event = Event()
    yield event
    event.set()


def test_what_is_found_in_time_is_told() -> None:
    assert briefly(lambda: 7) == 7


def test_what_goes_wrong_in_time_goes_wrong_for_whoever_asked() -> None:
    with pytest.raises(ZeroDivisionError):
        briefly(lambda: 1 // 0)


def test_a_service_that_hangs_is_not_waited_for(never: Event) -> None:
    with pytest.raises(TooLongError):
        briefly(never.wait, seconds=0.01)


def test_a_look_whose_time_is_over_asks_nothing_more(cloud: Cloud) -> None:
    with pytest.raises(TooLongError), until(time.monotonic() - 1, TooLongError("too late")):
        cloud.client("ssm").list_commands()
