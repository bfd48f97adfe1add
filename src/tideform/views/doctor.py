"""The checks of ``tideform doctor``, as a table for people and as data for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tideform.model.check import Check
from tideform.operations.doctor import LOCAL, healthy


def render(checks: Sequence[Check]) -> str:
    """One line a check, and under it the fix where something is missing."""
    width = max(len(check.name) for check in checks)
    lines: list[str] = []
    for check in checks:
        lines.append(f"{_word(check):8} {check.name:{width}}  {check.found}")
        if not check.ok:
            lines.append(f"{'':8} {'':{width}}  Fix: {check.fix}")
    return "\n".join([*lines, "", _verdict(checks)])


def as_data(checks: Sequence[Check]) -> dict[str, Any]:
    """The same facts for programs."""
    local = healthy(checks) and _local(checks)
    return {"ready": healthy(checks), "local": local, "checks": [asdict(check) for check in checks]}


def _verdict(checks: Sequence[Check]) -> str:
    if not healthy(checks):
        return "Not ready."
    if _local(checks):
        return "Ready for the local target."
    return "Ready for environments with `target: aws`; the local target is not installed."


def _local(checks: Sequence[Check]) -> bool:
    return all(check.ok for check in checks if check.name == LOCAL)


def _word(check: Check) -> str:
    if check.ok:
        return "ok"
    return "missing" if check.needed else "absent"
