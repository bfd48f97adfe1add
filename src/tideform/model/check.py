"""One thing that ``tideform doctor`` has looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One thing looked at. ``fix`` says how to get it where it is not ``ok``."""

    name: str
    ok: bool
    found: str
    fix: str = ""
    needed: bool = True
