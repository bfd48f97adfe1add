"""What each backend brings into the account: the modules of its folder ``in_account``, found by name.

The reaper imports nothing of ours but itself and these, and they nothing but it: its package holds them alone.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from functools import cache
from pkgutil import iter_modules
from types import ModuleType

_BACKENDS = "tideform.backends.training"


def part(backend: str, name: str) -> ModuleType:
    """A backend's ``ending``, ``history``, ``starting``, ``sources`` or ``strays``.

    Raises `ModuleNotFoundError` where there is none.
    """
    return importlib.import_module(f"{_BACKENDS}.{backend}.in_account.{name}")


def has(backend: str, name: str) -> bool:
    """Whether a backend of that id has such a part."""
    return backend in _ids() and importlib.util.find_spec(f"{_BACKENDS}.{backend}.in_account.{name}") is not None


def having(name: str) -> Iterator[str]:
    """The backends with such a part, sorted by their ids."""
    return (backend for backend in _ids() if has(backend, name))


@cache
def _ids() -> tuple[str, ...]:
    folders = iter_modules(importlib.import_module(_BACKENDS).__path__)
    return tuple(sorted(folder.name for folder in folders if folder.ispkg))
