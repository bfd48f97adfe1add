"""Every type that is known, by its token: found in the modules of this package that have ``TYPES``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import TYPE_CHECKING

from tideform import resources

if TYPE_CHECKING:
    from tideform.resources.base import ResourceType


@cache
def all_types() -> Mapping[str, ResourceType]:
    """By token. Raises `ValueError` for a token that stands in two places."""
    found: dict[str, ResourceType] = {}
    for module in iter_modules(resources.__path__, f"{resources.__name__}."):
        for each in getattr(import_module(module.name), "TYPES", ()):
            if each.token in found:
                raise ValueError(f"{each.token} is registered twice, the second time in {module.name}")
            found[each.token] = each
    return MappingProxyType(found)


def type_of(token: str) -> ResourceType | None:
    """What is known of a type; None for one that nothing is known of. Any Kubernetes object is known in general."""
    if token.startswith("kubernetes:") and token not in all_types():
        from tideform.resources.kubernetes import any_object

        return any_object(token)
    return all_types().get(token)
