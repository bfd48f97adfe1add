"""What a wait says: not every moment, and not once for all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tideform.burst.waiting import Waiting


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


Looks = Callable[..., list[str]]


@pytest.fixture
def looks() -> Looks:
    """What is said where a wait is looked at, at these seconds, with these words."""

    def told(*at: tuple[float, str]) -> list[str]:
        said: list[str] = []
        clock = Clock()
        waiting = Waiting(said.append, after=10.0, again=300.0, clock=clock)
        for clock.now, words in at:
            waiting.on(words)
        return said

    return told


def test_what_is_over_in_a_moment_is_not_told(looks: Looks) -> None:
    assert looks((0, "for a queue"), (9, "for a queue"), (11, "")) == []


def test_what_lasts_is_told_once(looks: Looks) -> None:
    assert looks((0, "for a queue"), (10, "for a queue"), (200, "for a queue")) == ["for a queue"]


def test_it_is_told_again_now_and_then(looks: Looks) -> None:
    assert looks((0, "for a queue"), (10, "for a queue"), (310, "for a queue")) == ["for a queue"] * 2


def test_what_changes_is_told_when_it_does(looks: Looks) -> None:
    assert looks((0, "1 of 2"), (10, "1 of 2"), (11, "2 of 2")) == ["1 of 2", "2 of 2"]


def test_a_wait_that_comes_back_is_a_new_one(looks: Looks) -> None:
    assert looks((0, "for room"), (10, "for room"), (20, ""), (30, "for room")) == ["for room"]
