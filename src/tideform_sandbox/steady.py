"""Dictionaries that may change while somebody goes through them; moto keeps what it knows in them.

moto walks through its dictionaries (every tag of every resource, for each instance that is described) and knows nothing
of threads. Here many requests, and the sandbox's own launches, come at once, and Python ends a walk through a
dictionary that grows or shrinks with a `RuntimeError`. A reader of these sees what was in them when it began.
There is no lock, as no order of locks would do: the sandbox's planes call moto, and moto calls them.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from tideform_sandbox.extension.request import put


class _Steady:
    """What all of them have before the methods of their kind of dictionary."""

    def copy(self) -> dict[Any, Any]:
        """A plain dictionary of what is in it now. One step of the interpreter, between which nobody comes."""
        return dict(list(super().items()))  # type: ignore[misc]  # the other base class is a dictionary

    def __iter__(self) -> Iterator[Any]:
        return iter(self.copy())

    def keys(self) -> KeysView[Any]:
        return self.copy().keys()

    def values(self) -> ValuesView[Any]:
        return self.copy().values()

    def items(self) -> ItemsView[Any, Any]:
        return self.copy().items()


class SteadyDict(_Steady, dict[Any, Any]):  # type: ignore[misc]  # a view of a copy, where `dict` has its own
    """In the place of `dict`."""


class SteadyOrderedDict(_Steady, OrderedDict[Any, Any]):  # type: ignore[misc]
    """In the place of `OrderedDict`."""


class SteadyDefaultDict(_Steady, defaultdict[Any, Any]):  # type: ignore[misc]
    """In the place of `defaultdict`; what it makes for a missing key is steady as well."""


def steady(value: Any) -> Any:
    """The steady kind of an empty dictionary; anything else as it is, as others may know it already."""
    kind = type(value)
    if kind not in (dict, OrderedDict, defaultdict) or value:
        return value
    if kind is defaultdict:
        factory = value.default_factory
        return SteadyDefaultDict(factory and (lambda: steady(factory())))
    return SteadyDict() if kind is dict else SteadyOrderedDict()


def install() -> None:
    """Let every attribute of moto's backends and models that begins as an empty dictionary be a steady one."""
    from moto.core.base_backend import BaseBackend
    from moto.core.common_models import BaseModel
    from moto.utilities.tagging_service import TaggingService

    for owner in (BaseBackend, BaseModel, TaggingService):
        put(owner, "__setattr__", _set)
    put(TaggingService, "tag_resource", _tag(TaggingService.tag_resource))


def _tag(original: Any) -> Any:
    """moto puts a plain dictionary of its own there, for the first tag of a resource."""

    def tag_resource(self: Any, arn: str, tags: Any) -> None:
        if tags is not None:
            self.tags.setdefault(arn, SteadyDict())
        original(self, arn, tags)

    return tag_resource


def _set(self: Any, name: str, value: Any) -> None:
    object.__setattr__(self, name, steady(value))
