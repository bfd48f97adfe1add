"""What backends remember of a pool's jobs: the part ``history`` of each; the reaper asks it before it ends them."""

from __future__ import annotations

from typing import cast

from tideform.reaper.history.base import Remembered
from tideform.reaper.parts import part


def remembered(backend: str) -> Remembered:
    """What a backend remembers. Raises `ModuleNotFoundError` where there is no such backend."""
    return cast(Remembered, part(backend, "history"))
