"""Diagnostics as text and as data."""

from __future__ import annotations

import io

import pytest

from tideform.diagnostics import Diagnostic, Location, Severity
from tideform.views.diagnostics import as_json, render, use_color

FOUND = Diagnostic(
    "TD100",
    Severity.ERROR,
    "Unknown key",
    detail="A spec has no key 'storge'.\nIt would be ignored.",
    fix="Did you mean 'storage'?",
    location=Location("tideform.yaml", 12, 3, 9, "  storge: {}"),
    path="storge",
)


def test_a_diagnostic_reads_from_headline_to_fix() -> None:
    assert render([FOUND]) == (
        "error[TD100]: Unknown key\n"
        "  --> tideform.yaml:12:3 (storge)\n"
        "  12 |   storge: {}\n"
        "     |   ^^^^^^\n"
        "  A spec has no key 'storge'.\n"
        "  It would be ignored.\n"
        "  Fix: Did you mean 'storage'?"
    )


def test_a_diagnostic_without_a_place_has_no_quote() -> None:
    plain = Diagnostic("TD300", Severity.WARNING, "Stale", detail="Moved.")
    assert render([plain]) == "warning[TD300]: Stale\n  Moved."


def test_diagnostics_stand_apart() -> None:
    assert "'?\n\nerror" in render([FOUND, FOUND])


def test_colours_change_nothing_but_colour() -> None:
    painted = render([FOUND], color=True)
    assert "\033[1;31merror[TD100]\033[0m" in painted
    assert painted.replace("\033[1;31m", "").replace("\033[0m", "") == render([FOUND])


def test_a_long_line_is_cut_around_its_place() -> None:
    location = Location("f", 1, 5001, 5004, "x" * 5000 + "bad" + "y" * 5000)
    quote, carets = render([Diagnostic("TD1", Severity.ERROR, "S", location=location)]).splitlines()[2:4]
    assert len(quote) < 130
    assert quote[carets.index("^") :].startswith("bad")


def test_a_spec_cannot_move_the_cursor_of_who_reads_its_errors() -> None:
    location = Location("a\x1b[2Jb", 1, 1, 2, "\x1b[31mred\u202e")
    assert "\x1b" not in render([Diagnostic("TD1", Severity.ERROR, "S", location=location)])


def test_detail_and_fix_cannot_either() -> None:
    text = render([Diagnostic("TD1", Severity.ERROR, "S", detail="a\x1b[2Jb", fix="c\x1b[2Jd")])
    assert "\x1b" not in text


def test_a_caret_past_the_end_of_a_line_is_still_drawn() -> None:
    location = Location("f", 1, 9, 20, "short")
    assert render([Diagnostic("TD1", Severity.ERROR, "S", location=location)]).endswith("^")


def test_the_data_says_the_same_as_the_text() -> None:
    assert as_json([FOUND]) == [
        {
            "code": "TD100",
            "severity": "error",
            "summary": "Unknown key",
            "detail": FOUND.detail,
            "fix": FOUND.fix,
            "path": "storge",
            "location": {"file": "tideform.yaml", "line": 12, "column": 3, "end_column": 9},
        }
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_only_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert use_color(Terminal())
    assert not use_color(io.StringIO())


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_is_honoured(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert not use_color(Terminal())
