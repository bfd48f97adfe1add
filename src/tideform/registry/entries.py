"""How catalogue entries are found: a module in the right package, or an entry point of a third party's package.

A module offers one entry under the name ``ENTRY``, with an ``id``. Nothing has to be registered by hand: adding a
backend, an alarm or a control is adding its file.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any, Protocol

from tideform.errors import TideformError


class Entry(Protocol):
    """What every entry has; the bases of each kind of entry say what more."""

    @property
    def id(self) -> str:
        """The name by which specs, waivers and docs refer to it."""
        ...


def load(package: str, group: str) -> Mapping[str, Any]:
    """The entries of one kind by id, sorted: our modules in ``package``, then the entry points of ``group``.

    Raises `TideformError` (TD201) where two entries have the same id, and (TD202) where a module has none.
    """
    return unique([*_ours(package), *_third_party(group)])


def load_backends(package: str, group: str) -> Mapping[str, Any]:
    """The same for what is a folder of its own: the module ``entry`` of each folder in ``package``."""
    return unique([*_folders(package), *_third_party(group)])


def unique(found: Iterable[tuple[str, Entry]]) -> Mapping[str, Any]:
    """The entries by id; each comes with the name of where it was found."""
    entries: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, entry in found:
        if entry.id in entries:
            raise TideformError.of(
                "TD201",
                "Two catalogue entries have the same id",
                detail=f"Both {origins[entry.id]} and {origin} call themselves {entry.id!r}.",
                fix="Rename one of them, or uninstall the package that brings it.",
            )
        entries[entry.id], origins[entry.id] = entry, origin
    return MappingProxyType(dict(sorted(entries.items())))


def _ours(package: str) -> Iterator[tuple[str, Entry]]:
    """The modules of a package; ``base`` and what starts with an underscore hold what entries share."""
    parent = importlib.import_module(package)
    for module in pkgutil.iter_modules(parent.__path__):
        if module.name == "base" or module.name.startswith("_"):
            continue
        yield _entry_of(f"{package}.{module.name}")


def _folders(package: str) -> Iterator[tuple[str, Entry]]:
    parent = importlib.import_module(package)
    for folder in pkgutil.iter_modules(parent.__path__):
        if folder.ispkg and not folder.name.startswith("_"):
            yield _entry_of(f"{package}.{folder.name}.entry")


def _entry_of(name: str) -> tuple[str, Entry]:
    module = importlib.import_module(name) if importlib.util.find_spec(name) else None
    if module is None or not hasattr(module, "ENTRY"):
        raise TideformError.of(
            "TD202",
            "A catalogue module has no entry",
            detail=f"{name} defines no ENTRY.",
            fix="Define ENTRY there, or give the module or the folder a name that starts with an underscore.",
        )
    return name, module.ENTRY


@cache
def _installed() -> Any:
    """Reading every distribution's metadata takes 20 ms: once is enough."""
    return entry_points()


def _third_party(group: str) -> Iterator[tuple[str, Entry]]:
    for point in _installed().select(group=group):
        yield f"{point.value} (entry point)", point.load()
