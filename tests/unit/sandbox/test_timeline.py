"""Events on a clock whose base stands still: what is seen is the timeline's doing alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import given
from hypothesis import strategies as st

from tideform_sandbox.clock import Clock
from tideform_sandbox.timeline import Timeline

_TIMES = st.lists(st.integers(1, 100), max_size=20)


@contextmanager
def timeline_at_zero() -> Iterator[Timeline]:
    timeline = Timeline(Clock(base=lambda: 0.0))
    try:
        yield timeline
    finally:
        timeline.close()


def happened(times: list[int], *steps: int) -> list[tuple[float, float, int]]:
    """What happens in these steps: the clock, the due time, and which event it was."""
    seen: list[tuple[float, float, int]] = []
    with timeline_at_zero() as timeline:
        for number, when in enumerate(times):

            def event(due: float, number: int = number) -> None:
                seen.append((timeline.clock.now(), due, number))

            timeline.at(when, f"event {number}", event)
        for step in steps:
            timeline.advance(step)
    return seen


@given(_TIMES)
def test_events_happen_in_order_each_at_its_own_time_and_once(times: list[int]) -> None:
    expected = sorted((when, when, number) for number, when in enumerate(times))
    assert happened(times, 100) == expected


@given(_TIMES, st.integers(0, 60), st.integers(0, 60))
def test_two_steps_are_as_one(times: list[int], first: int, second: int) -> None:
    assert happened(times, first, second) == happened(times, first + second)


@given(st.integers(1, 30), st.integers(1, 200))
def test_an_event_that_names_its_next_time_happens_at_every_one(period: int, span: int) -> None:
    seen: list[float] = []

    def tick(due: float) -> float:
        seen.append(due)
        return due + period

    with timeline_at_zero() as timeline:
        timeline.at(period, "tick", tick)
        timeline.advance(span)
    assert seen == list(range(period, span + 1, period))


def test_what_is_put_under_a_key_replaces_what_was_there() -> None:
    seen: list[str] = []
    with timeline_at_zero() as timeline:
        timeline.at(10, "key", lambda _: seen.append("first"))
        timeline.at(20, "key", lambda _: seen.append("second"))
        timeline.advance(30)
    assert seen == ["second"]


def test_a_cancelled_event_does_not_happen() -> None:
    seen: list[float] = []
    with timeline_at_zero() as timeline:
        timeline.at(10, "key", seen.append)
        timeline.cancel("key")
        timeline.advance(30)
    assert seen == []


def test_an_event_may_move_itself_and_wins_over_what_it_returns() -> None:
    seen: list[float] = []
    with timeline_at_zero() as timeline:

        def event(due: float) -> float | None:
            seen.append(due)
            if due == 10:
                timeline.at(25, "key", event)
                return 15
            return None

        timeline.at(10, "key", event)
        timeline.advance(30)
    assert seen == [10, 25]


def test_an_event_may_cancel_itself() -> None:
    seen: list[float] = []
    with timeline_at_zero() as timeline:

        def event(due: float) -> float:
            seen.append(due)
            timeline.cancel("key")
            return due + 1

        timeline.at(10, "key", event)
        timeline.advance(30)
    assert seen == [10]


def test_an_event_that_fails_does_not_keep_the_others_from_happening() -> None:
    seen: list[float] = []
    with timeline_at_zero() as timeline:
        timeline.at(10, "bad", lambda _: 1 / 0)
        timeline.at(20, "good", seen.append)
        timeline.advance(30)
    assert seen == [20]


def test_an_event_may_wait_for_another_thread_that_puts_events_in() -> None:
    """As a function does, that calls the sandbox over HTTP while the clock is being moved."""
    seen: list[float] = []
    with timeline_at_zero() as timeline:

        def event(due: float) -> None:
            other = threading.Thread(target=timeline.at, args=(due + 5, "put in", seen.append))
            other.start()
            other.join(10)
            assert not other.is_alive()

        timeline.at(10, "key", event)
        timeline.advance(30)
    assert seen == [15]


def test_what_is_due_happens_without_anybody_moving_the_clock() -> None:
    done = threading.Event()
    timeline = Timeline(Clock())
    timeline.at(timeline.clock.now() + 0.01, "key", lambda _: done.set())
    assert done.wait(10)
    timeline.close()


def test_a_timeline_with_nothing_due_does_nothing() -> None:
    looks = 0

    def now() -> float:
        nonlocal looks
        looks += 1
        return 0.0

    timeline = Timeline(Clock(base=now))
    timeline.at(3600, "later", lambda _: None)
    looks = 0
    idle = threading.Event()
    idle.wait(0.2)
    timeline.close()
    assert looks <= 3


def test_what_an_event_aside_waits_for_happens_meanwhile_and_time_stands_until_it_is_over() -> None:
    answered = threading.Event()
    seen: list[object] = []
    with timeline_at_zero() as timeline:

        def ask(_: float) -> None:
            timeline.at(100, "answer", lambda _: answered.set())
            seen.append((answered.wait(20), timeline.clock.now()))

        timeline.at(100, "ask", ask, aside=True)
        timeline.at(3600, "later", lambda _: seen.append("later"))
        timeline.advance(7200)
    assert seen == [(True, 100), "later"]
