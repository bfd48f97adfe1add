"""Diagnostics as text for people and as plain data for JSON.

Own escape codes and no rich: a `validate` in an editor or a hook has to be quick.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, TextIO

from tideform.diagnostics import Diagnostic, Location, Severity

_COLORS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}
_WIDTH = 110  # of a quoted line; a longer one is cut around its column
_INDENT = "  "


def use_color(stream: TextIO) -> bool:
    """Whether the stream's reader sees colours: a terminal, and neither NO_COLOR nor a dumb one."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def render(diagnostics: Iterable[Diagnostic], *, color: bool = False) -> str:
    """All diagnostics, an empty line between each two."""
    return "\n\n".join(render_one(d, color=color) for d in diagnostics)


def render_one(diagnostic: Diagnostic, *, color: bool = False) -> str:
    """One diagnostic: headline, the offending line underlined, what is wrong and why, the fix."""
    paint = _COLORS[diagnostic.severity] if color else ""
    lines = [f"{_painted(f'{diagnostic.severity}[{diagnostic.code}]', paint)}: {_clean(diagnostic.summary)}"]
    if diagnostic.location:
        lines += _place(diagnostic.location, diagnostic.path, paint)
    lines += [_INDENT + _clean(line) for line in diagnostic.detail.splitlines()]
    if diagnostic.fix:
        lines += _labelled("Fix: ", diagnostic.fix)
    return "\n".join(lines)


def as_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """The diagnostics as JSON-ready data, with the same facts as the text."""
    return [
        {
            "code": d.code,
            "severity": str(d.severity),
            "summary": d.summary,
            "detail": d.detail,
            "fix": d.fix,
            "path": d.path,
            "location": _location(d.location),
        }
        for d in diagnostics
    ]


def _location(location: Location | None) -> dict[str, Any] | None:
    if location is None:
        return None
    return {
        "file": location.file,
        "line": location.line,
        "column": location.column,
        "end_column": location.end_column,
    }


def _place(location: Location, path: str, paint: str) -> list[str]:
    where = f"{_INDENT}--> {location}" + (f" ({path})" if path else "")
    if not location.text:
        return [_clean(where)]
    number = str(location.line)
    text, start = _window(location.text, location.column - 1)
    length = max(1, min((location.end_column or location.column + 1) - location.column, len(text) - start))
    gutter = " " * len(number)
    return [
        _clean(where),
        f"{_INDENT}{number} | {text}",
        f"{_INDENT}{gutter} | {' ' * start}{_painted('^' * length, paint)}",
    ]


def _window(text: str, start: int) -> tuple[str, int]:
    """The part of a line to show, without control characters, and where the offending part starts in it."""
    clean = _clean(text)
    if len(clean) <= _WIDTH:
        return clean, start
    left = max(0, start - _WIDTH // 3)
    return clean[left : left + _WIDTH], start - left


def _labelled(label: str, text: str) -> list[str]:
    first, *rest = map(_clean, text.splitlines())
    return [f"{_INDENT}{label}{first}", *(f"{_INDENT}{' ' * len(label)}{line}" for line in rest)]


def _painted(text: str, paint: str) -> str:
    return f"\033[{paint}m{text}\033[0m" if paint else text


def _clean(text: str) -> str:
    """One character for one: a spec must not be able to move the cursor of who reads its errors."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" if c != "\t" else " " for c in text)
