"""A command run in this process with hostile words or surroundings: it ends in time, and says what is wrong."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from tideform.cli.app import main

SECONDS = 120  # of a busy machine; whoever waits for a pipe or reads a device does so for ever
CODES = (0, 1, 101)  # the last one where a job's own could stand


@contextmanager
def bounded() -> Iterator[None]:
    """Fail what takes too long, wherever it is."""

    def late(_number: int, _frame: FrameType | None) -> None:
        pytest.fail(f"not in {SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def survives(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 0, or with 1 and a reason; never as a defect of ours."""
    capsys.readouterr()
    with bounded():
        code = main(words)
    told = capsys.readouterr()
    assert code in CODES, (words, code, told.err)
    assert code == 0 or told.err or told.out, words
    assert "TD090" not in told.err, (words, told.err)
    assert "Traceback" not in told.err, (words, told.err)
