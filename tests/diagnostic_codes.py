"""The page of all diagnostic codes, made from the source.

Write it anew with: ``python -m tests.diagnostic_codes > docs/reference/diagnostics.md``
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tideform.views.code_guide import Told, every_code

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "diagnostics.md"

AREAS = {
    "0": "Reading the spec, and the program itself",
    "1": "What the spec says",
    "2": "The catalogue and the blueprints",
    "3": "Plan and apply",
    "4": "Engine, lock and state",
    "5": "The sandbox",
    "6": "Bursts",
    "7": "Compliance controls",
}

HEAD = """\
# Diagnostics

Every problem that tideform tells has a code. A code keeps its meaning: search for it, or suppress it in a tool of
yours by it. With a problem in a spec stand the file, line and column, the offending line, why it matters, and what to
do. `tideform validate --json` gives all of it as data, and `tideform explain TD501` what stands here.

Errors stop a command (see [exit codes](exit-codes.md)); warnings do not. This page is made from the program's own
source: below each code stands what it says of the cause and, after an arrow, of the way out. What is filled in when it
happens stands in angle brackets.
"""


def page() -> str:
    """The page of all codes."""
    codes = every_code()
    return "\n".join([HEAD, *(line for digit, title in AREAS.items() for line in _area(digit, title, codes))])


def _area(digit: str, title: str, codes: Mapping[str, Told]) -> Iterator[str]:
    yield f"## TD{digit}xx: {title}\n"
    for code, told in codes.items():
        if code[2] == digit:
            yield f"### {code}: {told.summary}\n"
            lines = [*(f"- {_flat(text)}" for text in told.causes), *(f"- → {_flat(text)}" for text in told.fixes)]
            if lines:
                yield "\n".join([*lines, ""])


def _flat(text: str) -> str:
    """In one line, and as it stands: Markdown takes angle brackets and stars for its own."""
    return " ".join(text.split()).replace("<", "\\<").replace("*", "\\*").replace("](", "]\\(")


if __name__ == "__main__":
    print(page(), end="")
