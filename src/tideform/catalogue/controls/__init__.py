"""Compliance controls: one class a module; `controls` finds them, frameworks refer to them by id.

A distribution adds its own with the entry-point group ``tideform.controls``, each entry a package of such
modules.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from inspect import isabstract
from types import MappingProxyType, ModuleType

from tideform.catalogue.controls.base import Control
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import TideformError

ENTRY_POINTS = "tideform.controls"


@cache
def controls() -> Mapping[str, Control]:
    """Every control by its id, sorted. Raises `TideformError` where two have the same id."""
    found: dict[str, Control] = {}
    for kind in _classes():
        if kind.id in found:
            raise TideformError(_duplicate(kind, type(found[kind.id])))
        found[kind.id] = kind()
    return MappingProxyType(dict(sorted(found.items())))


def known_controls() -> frozenset[str]:
    """The ids that frameworks and waivers may name."""
    return frozenset(controls())


def _classes() -> Iterator[type[Control]]:
    for package in _packages():
        for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda i: i.name):
            module = import_module(f"{package.__name__}.{info.name}")
            for member in vars(module).values():
                if _is_control(member) and member.__module__ == module.__name__:
                    yield member


def _packages() -> Iterator[ModuleType]:
    from importlib.metadata import entry_points  # 20 ms that only this call has to pay

    yield import_module(__name__)
    for entry in entry_points(group=ENTRY_POINTS):
        yield entry.load()


def _is_control(member: object) -> bool:
    return isinstance(member, type) and issubclass(member, Control) and not isabstract(member)


def _duplicate(one: type[Control], other: type[Control]) -> Diagnostic:
    return Diagnostic(
        "TD201",
        Severity.ERROR,
        "two catalogue entries have the same id",
        detail=f"{one.id} is defined by {one.__module__} and by {other.__module__}",
        fix="give one of them another id",
    )
