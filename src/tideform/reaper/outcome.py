"""What became of one pool in one round of the reaper."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Outcome:
    """What was done, whether it has to be called again, and what failed."""

    pool: str
    did: list[str] = field(default_factory=list)
    waiting: bool = False
    failure: str = ""
