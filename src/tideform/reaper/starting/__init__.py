"""How a job that starts by itself begins and is seen to be over, one module a backend; the reaper ends it."""

from __future__ import annotations

import importlib
from typing import cast

from tideform.reaper.starting.base import Starting


def starting(backend: str) -> Starting:
    """How jobs of a backend start by themselves. Raises `ModuleNotFoundError` where they cannot."""
    return cast(Starting, importlib.import_module(f"{__name__}.{backend}"))
