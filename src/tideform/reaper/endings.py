"""How capacity ends: the part ``ending`` of each backend."""

from __future__ import annotations

from typing import cast

from tideform.reaper.base import Ending
from tideform.reaper.longest import LONGEST
from tideform.reaper.parts import has, part


def needs(backend: str) -> tuple[str, ...] | None:
    """The names that a handle of the backend has to have for its capacity to be found; None where there is none."""
    return ending(backend).NEEDS if has(backend, "ending") else None


def longest(backend: str) -> int:
    """How long a lease on the backend can be, in seconds; that of all where there is no such backend."""
    return ending(backend).LONGEST if has(backend, "ending") else LONGEST


def ending(backend: str) -> Ending:
    """The ending of a backend. Raises `ModuleNotFoundError` where there is none."""
    return cast(Ending, part(backend, "ending"))
