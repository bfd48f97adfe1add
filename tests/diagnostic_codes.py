"""The codes that tideform speaks, read from its source, and the page that lists them.

Write the page anew with: ``python -m tests.diagnostic_codes > docs/reference/diagnostics.md``
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tideform.sandbox.aws import refusal
from tideform.spec import problems

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "diagnostics.md"

SUMMARIES = problems.SUMMARIES | refusal.SUMMARIES

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
do. `tideform validate --json` gives all of it as data.

Errors stop a command (see [exit codes](exit-codes.md)); warnings do not.
"""


def spoken() -> dict[str, set[str]]:
    """Every code in the source with the summaries that it has there."""
    found: dict[str, set[str]] = {code: {summary} for code, summary in SUMMARIES.items()}
    for file in sorted((ROOT / "src").rglob("*.py")):
        for code, summary in _in(file):
            found.setdefault(code, set()).update({summary} if summary else ())
    return found


def _in(file: Path) -> Iterator[tuple[str, str]]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    constants = dict(_constants(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        words = [text for value in _values(node) for text in _text(value, constants)]
        codes = [word for word in words if re.fullmatch(r"TD\d{3}", word)]
        if codes and codes[0] not in SUMMARIES:
            after = words[words.index(codes[0]) + 1 :]
            yield codes[0], after[0] if after else ""


def _values(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg in ("code", "summary"))]


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The module's own names for texts."""
    for node in tree.body:
        match node:
            case ast.Assign([ast.Name(name)], ast.Constant(str(text))):
                yield name, text
            case ast.AnnAssign(ast.Name(name), _, ast.Constant(str(text))):
                yield name, text


def _text(value: ast.expr, constants: dict[str, str]) -> list[str]:
    """The text of an argument; what is filled in later reads as an ellipsis, which no summary may have."""
    if isinstance(value, ast.Name):
        return [constants[value.id]] if value.id in constants else []
    if isinstance(value, ast.JoinedStr):
        return ["".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in value.values)]
    return [str(value.value)] if isinstance(value, ast.Constant) else []


def page() -> str:
    """The page of all codes."""
    parts = [HEAD]
    codes = spoken()
    for digit, title in AREAS.items():
        rows = [f"| {code} | {' / '.join(sorted(codes[code]))} |" for code in sorted(codes) if code[2] == digit]
        if rows:
            parts.append("\n".join([f"## TD{digit}xx: {title}\n", "| Code | Meaning |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")
