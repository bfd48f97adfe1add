from __future__ import annotations

import threading
import time

import pytest

from tideform_sandbox.clock import Clock


def test_it_starts_as_the_machines_time() -> None:
    assert abs(Clock().now() - time.time()) < 1


def test_time_only_moves_forward() -> None:
    with pytest.raises(ValueError, match="forward"):
        Clock().advance(-1)


def test_moving_time_wakes_whoever_waits_for_it() -> None:
    clock, condition, woken = Clock(), threading.Condition(), threading.Event()
    clock.wake(condition)
    ready = threading.Event()

    def sleeper() -> None:
        until = clock.now() + 3600
        with condition:
            ready.set()
            while clock.now() < until:
                clock.wait(condition, until)
        woken.set()

    threading.Thread(target=sleeper, daemon=True).start()
    ready.wait()
    clock.advance(3601)
    assert woken.wait(10)
