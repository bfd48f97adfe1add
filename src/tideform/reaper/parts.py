"""What each backend brings into the account: the modules of its package ``in_account``, found by name.

Ours are in the backend's folder; others' packages name theirs as an entry point, and the reaper's package holds them
with that entry point, so that they are found alike in both places (`components.reaper.package`).

The reaper imports nothing of ours but itself and these, and they nothing but it: its package holds them alone.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from pkgutil import iter_modules
from types import MappingProxyType, ModuleType

GROUP = "tideform.in_account"  # of entry points: a backend's id, and the name of its package
_OURS = "tideform.backends.training"


def part(backend: str, name: str) -> ModuleType:
    """A backend's ``ending``, ``history``, ``starting``, ``sources`` or ``strays``.

    Raises `ModuleNotFoundError` where there is none.
    """
    return importlib.import_module(f"{packages().get(backend, _ours(backend))}.{name}")


def has(backend: str, name: str) -> bool:
    """Whether a backend of that id has such a part."""
    package = packages().get(backend)
    return package is not None and importlib.util.find_spec(f"{package}.{name}") is not None


def having(name: str) -> Iterator[str]:
    """The backends with such a part, sorted by their ids."""
    return (backend for backend in packages() if has(backend, name))


@cache
def packages() -> Mapping[str, str]:
    """The names of the packages by backend, sorted. One of ours is nobody else's."""
    folders = [found.name for found in iter_modules(importlib.import_module(_OURS).__path__) if found.ispkg]
    ours = {name: _ours(name) for name in folders if importlib.util.find_spec(_ours(name)) is not None}
    return MappingProxyType(dict(sorted({**others(), **ours}.items())))


def others() -> dict[str, str]:
    """Those of packages that are not ours."""
    return {point.name: point.value for point in entry_points(group=GROUP)}


def _ours(backend: str) -> str:
    return f"{_OURS}.{backend}.in_account"
