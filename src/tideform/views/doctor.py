"""The checks of ``tideform doctor``, as a table for people and as data for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tideform.model.check import Check
from tideform.operations.doctor import healthy


def render(checks: Sequence[Check]) -> str:
    """One line a check, and under it the fix where something is missing."""
    width = max(len(check.name) for check in checks)
    lines: list[str] = []
    for check in checks:
        lines.append(f"{_word(check):8} {check.name:{width}}  {check.found}")
        if not check.ok:
            lines.append(f"{'':8} {'':{width}}  Fix: {check.fix}")
    ready = "Ready for the local target." if healthy(list(checks)) else "Not ready for the local target."
    return "\n".join([*lines, "", ready])


def as_data(checks: Sequence[Check]) -> dict[str, Any]:
    """The same facts for programs."""
    return {"ready": healthy(list(checks)), "checks": [asdict(check) for check in checks]}


def _word(check: Check) -> str:
    if check.ok:
        return "ok"
    return "missing" if check.needed else "absent"
