"""How capacity ends, one module a backend."""

from __future__ import annotations

import importlib
import importlib.util
from typing import cast

from tideform.reaper.base import Ending


def needs(backend: str) -> tuple[str, ...] | None:
    """The names that a handle of the backend has to have for its capacity to be found; None where there is none."""
    if not backend.isidentifier() or importlib.util.find_spec(f"{__name__}.{backend}") is None:
        return None
    return tuple(getattr(ending(backend), "NEEDS", ()))


def ending(backend: str) -> Ending:
    """The ending of a backend. Raises `ModuleNotFoundError` where there is none."""
    return cast(Ending, importlib.import_module(f"{__name__}.{backend}"))
