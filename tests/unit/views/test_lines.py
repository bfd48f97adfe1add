"""Lines, and what becomes of text that somebody else wrote."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tideform.views.lines import Line, emit, neutral, plain


def shown(line: Line, **settings: object) -> str:
    console = Console(file=io.StringIO(), soft_wrap=True, width=20, **settings)  # type: ignore[arg-type]
    emit([line], console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\u202eevil", "\\u202eevil"),
        ("a\u200bb", "a\\u200bb"),
        ("\x9b1m", "\\x9b1m"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("naïve 数字 ✓", "naïve 数字 ✓"),
    ],
)
def test_what_a_terminal_would_act_on_is_made_visible(text: str, safe: str) -> None:
    assert neutral(text) == safe


def test_a_mark_stands_right_before_the_text() -> None:
    assert [str(Line("x", m)) for m in ("+", "-/+", "")] == ["  + x", "-/+ x", "    x"]


def test_markup_in_text_is_text() -> None:
    assert shown(plain("[red]a[/red] :smile:")) == "[red]a[/red] :smile:\n"


def test_a_long_line_is_neither_cut_nor_broken() -> None:
    assert shown(plain("x" * 500)) == "x" * 500 + "\n"


def test_colours_only_where_a_terminal_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line("x", "+", note="n")
    assert "\x1b[32m" in shown(line, force_terminal=True, color_system="standard")
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown(line, force_terminal=True) == shown(line) == "  + x # n\n"


def test_what_is_printed_is_what_tests_read() -> None:
    line = Line("x = 1", "~", 2, note="forces replacement")
    assert shown(line) == f"{line}\n"


def test_a_file_that_cannot_hold_a_letter_gets_its_escape() -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    emit([plain("naïve…")], Console(file=file))
    file.seek(0)
    assert file.read() == "na\\xefve\\u2026\n"
