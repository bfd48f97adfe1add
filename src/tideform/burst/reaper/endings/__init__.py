"""How capacity ends, one module a backend."""

from __future__ import annotations

import importlib
from typing import cast

from tideform.burst.reaper.base import Ending


def ending(backend: str) -> Ending:
    """The ending of a backend. Raises `ModuleNotFoundError` where there is none."""
    return cast(Ending, importlib.import_module(f"{__name__}.{backend}"))
