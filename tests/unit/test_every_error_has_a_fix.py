"""Whoever is told an error is told what to do. Read from the source: each place that makes one gives it a fix."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Set
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "src"

# They take their fix from a table or add one of their own, which the tests of their modules hold.
OWN = {
    "tideform/cli/sandbox.py": {"_error"},
    "tideform/plan/moved.py": {"_stale"},
    "tideform/checks/available.py": {"_known", "unknown", "unlike"},
    "tideform/spec/compose.py": {"_report", "_stop"},
    "tideform/spec/references.py": {"unknown"},
}
ANYWHERE = {"Refusal"}


def without_fix(tree: ast.Module, own: Set[str]) -> Iterator[tuple[str, int]]:
    """Calls that make an error by its code and say no fix, or an empty one; ``own`` makers have one themselves."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        words = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        codes = [word for word in words if re.fullmatch(r"TD\d{3}", word)]
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        text = " ".join(ast.unparse(value) for value in (*node.args, *given.values()))
        if not codes or name in own or "Severity.NOTE" in text or "Severity.WARNING" in text or None in given:
            continue
        fix = given.get("fix") or (node.args[4] if name == "Diagnostic" and len(node.args) > 4 else None)
        empty = isinstance(fix, ast.Constant) and not fix.value
        maybe = isinstance(fix, ast.Call) and ast.unparse(fix.func) == "did_you_mean"  # nothing where nothing is alike
        if fix is None or empty or maybe:
            yield codes[0], node.lineno


def test_every_error_has_a_fix() -> None:
    found = {
        f"{file}:{line} {code}"
        for file in sorted(SOURCES.rglob("*.py"))
        for code, line in without_fix(
            ast.parse(file.read_text(encoding="utf-8")), OWN.get(str(file.relative_to(SOURCES)), set()) | ANYWHERE
        )
    }
    assert found == set()
