"""Progress as lines in a log, and live on a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tideform.cli.common import console as common_console
from tideform.model.engine import Progress
from tideform.views.progress import Tracker, elapsed, progress

BUCKET = "aws:s3/bucket:Bucket"


def step(state: str, action: str = "create", detail: str = "", name: str = "digits") -> Progress:
    return Progress("storage", BUCKET, name, action, state, detail)


def run(console: Console, *events: Progress) -> str:
    """Send the events, two seconds apart."""
    now = 0.0
    with progress(console, clock=lambda: now) as listener:
        for event in events:
            listener(event)
            now += 2
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def log() -> Console:
    return Console(file=io.StringIO(), force_terminal=False, width=20)


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)


def test_a_log_gets_one_line_when_a_step_starts_and_one_when_it_is_done() -> None:
    assert run(log(), step("started"), step("done")) == (
        "storage: aws_s3_bucket.digits creating…\nstorage: aws_s3_bucket.digits created (2s)\n"
    )


def test_a_failure_says_why_and_after_how_long() -> None:
    text = run(log(), step("started"), step("failed", detail="AccessDenied"))
    assert text.endswith("creating failed after 2s: AccessDenied\n")


@pytest.mark.parametrize(
    ("action", "words"),
    [("update", "updated"), ("delete", "destroyed"), ("create-replacement", "created replacement"), ("x", "x done")],
)
def test_each_operation_has_its_words(action: str, words: str) -> None:
    assert words in run(log(), step("started", action), step("done", action))


def test_a_step_that_does_nothing_in_the_cloud_is_not_told() -> None:
    assert run(log(), step("started", "replace"), step("done", "replace")) == ""


def test_a_name_cannot_send_escape_sequences() -> None:
    assert "\x1b" not in run(log(), step("started", name="\x1b[2J"))


def test_a_terminal_keeps_what_is_done() -> None:
    assert "storage: aws_s3_bucket.digits created (2s)" in run(terminal(), step("started"), step("done"))


def test_what_runs_is_shown_with_its_time() -> None:
    clock = iter((0.0, 65.0))
    tracker = Tracker(clock=lambda: next(clock))
    tracker.line(step("started"))
    assert tracker.snapshot() == [("storage: aws_s3_bucket.digits creating", "1m05s")]


def test_a_terminal_gets_its_cursor_back_after_an_interrupt() -> None:
    console = terminal()
    with pytest.raises(KeyboardInterrupt), progress(console) as listener:
        listener(step("started"))
        raise KeyboardInterrupt
    assert isinstance(console.file, io.StringIO)
    assert "\x1b[?25h" in console.file.getvalue()


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0s"), (59.9, "59s"), (60, "1m00s"), (3725, "1h02m")])
def test_times_are_short(seconds: float, text: str) -> None:
    assert elapsed(seconds) == text


def test_colours_that_are_forced_into_a_pipe_bring_no_moving_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress(common_console(stderr=True)) as listener:
        listener(step("started"))
    assert "\x1b[?25" not in capsys.readouterr().err
