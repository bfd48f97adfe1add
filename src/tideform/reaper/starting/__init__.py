"""How a job that starts by itself begins and is seen to be over: the part ``starting`` of backends that can do that."""

from __future__ import annotations

from typing import cast

from tideform.reaper.parts import part
from tideform.reaper.starting.base import Starting


def starting(backend: str) -> Starting:
    """How jobs of a backend start by themselves. Raises `ModuleNotFoundError` where they cannot."""
    return cast(Starting, part(backend, "starting"))
