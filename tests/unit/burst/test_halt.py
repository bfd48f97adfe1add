"""Asking a burst to stop: by any signal that means it, or by going away from its output."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from tideform import outlets
from tideform.burst.halt import Halt, halting, silent
from tideform.errors import InterruptedRunError
from tideform.signals import ENDING


@pytest.fixture
def nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlets, "_course", outlets._Course(reader_gone=True))


@pytest.fixture
def nohup() -> Iterator[None]:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", ENDING)
def test_every_signal_that_asks_to_end_is_noted_and_cuts_nothing(number: signal.Signals) -> None:
    with halting(silent) as halt:
        signal.raise_signal(number)
        assert (halt.signal, halt.asked) == (number, 1)


def test_a_handler_prints_nothing_itself_as_it_may_have_interrupted_a_print() -> None:
    said: list[str] = []
    with halting(lambda _: said.append(threading.current_thread().name)):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
    assert said == ["halt-answers"] * 2


@pytest.mark.usefixtures("nobody_reads")
def test_a_reader_that_has_gone_asks_to_stop() -> None:
    with halting(silent) as halt, pytest.raises(InterruptedRunError) as told:
        halt.check()
    assert "Nobody reads its output any more" in told.value.diagnostics[0].detail


@pytest.mark.usefixtures("nobody_reads")
def test_an_end_needs_no_reader() -> None:
    with halting(silent, needs_reader=False) as halt:
        halt.check()


@pytest.mark.usefixtures("nobody_reads", "nohup")
def test_under_nohup_nobody_needs_to_read_or_to_look_on() -> None:
    with halting(silent) as halt:
        signal.raise_signal(signal.SIGHUP)
        halt.check()


def test_everybody_who_waits_is_woken_and_nobody_waits_afterwards() -> None:
    halt = Halt()
    waiting = [threading.Thread(target=halt.wait, args=(600,)) for _ in range(3)]
    for thread in waiting:
        thread.start()
    halt.ask(signal.SIGTERM)
    for thread in waiting:
        thread.join(60)
    halt.wait(600)
    assert not any(thread.is_alive() for thread in waiting)
