"""What backends remember of a pool's jobs, one module a backend; the reaper asks it before it ends them."""

from __future__ import annotations

import importlib
from typing import cast

from tideform.reaper.history.base import Remembered


def remembered(backend: str) -> Remembered:
    """What a backend remembers. Raises `ModuleNotFoundError` where there is no such backend."""
    return cast(Remembered, importlib.import_module(f"{__name__}.{backend}"))
