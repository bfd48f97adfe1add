"""A sandbox that can be asked what moto's own backends hold: no operation of a service, no code of ours in between.

``python -m tests.e2e.backends ROOT FILE`` is the sandbox of a workspace; on SIGUSR1 it writes to FILE what there is, a
JSON list of `Thing`. What is held by another thing (a rule by its group, an object by its bucket) is a part of that.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

_OWN_NAMES = ("name", "id", "arn")  # and those that end so, after the name of the class
_NAMED_AFTER = {"scalabletarget": "resourceid"}  # what it scales


class Thing(NamedTuple):
    """One resource of moto's: the service, its class, and what it is called, by each of its own names."""

    service: str
    kind: str
    names: tuple[str, ...]


def things() -> Iterator[Thing]:
    """All resources of all accounts and regions, of each service that somebody has used."""
    from moto.core.base_backend import BackendDict

    seen: set[int] = set()
    modules = [module for name, module in [*sys.modules.items()] if _is_models(name)]
    for backends in [each for module in modules for each in vars(module).values() if isinstance(each, BackendDict)]:
        for backend in [backend for of_account in [*backends.values()] for backend in [*of_account.values()]]:
            for model in _models(vars(backend), seen):
                yield Thing(type(model).__module__.split(".")[1], _kind(model), _names(model))


def _is_models(name: str) -> bool:
    parts = name.split(".")
    return parts[0] == "moto" and parts[2:] == ["models"]


def _models(value: Any, seen: set[int]) -> Iterator[Any]:
    """The models in a value, and those in them; each once, and none by way of another service's backend."""
    from moto.core.base_backend import BackendDict, BaseBackend
    from moto.core.common_models import BaseModel

    if id(value) in seen or isinstance(value, BaseBackend | BackendDict | str | bytes):
        return
    seen.add(id(value))
    if isinstance(value, BaseModel):
        yield value
    for each in _inside(value):
        yield from _models(each, seen)


def _inside(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [*value.values()]
    if isinstance(value, list | tuple | set):
        return [*value]
    return [*vars(value).values()] if type(value).__module__.startswith("moto.") and hasattr(value, "__dict__") else []


def _kind(model: Any) -> str:
    """The class; two have members that AWS makes by itself, and those are kinds of their own."""
    kind = type(model).__name__
    if kind == "RouteTable" and model.main_association_id is not None:
        return "MainRouteTable"
    return "ServiceLinkedRole" if kind == "Role" and model.path.startswith("/aws-service-role/") else kind


def _names(model: Any) -> tuple[str, ...]:
    kind = type(model).__name__.removeprefix("Fake").lower()
    told = {**_texts(vars(model)), **_texts(vars(model).get(kind, {}))}  # a few keep what was sent under their name
    return tuple(sorted({text for attribute, text in told.items() if _is_own(attribute, kind)}))


def _texts(attributes: Mapping[str, Any]) -> dict[str, str]:
    return {key.replace("_", "").lower(): text for key, text in attributes.items() if isinstance(text, str) and text}


def _is_own(attribute: str, kind: str) -> bool:
    """Whether an attribute names the thing itself, and not what it belongs to: ``id``, or a role's ``rolename``."""
    stem = next((attribute.removesuffix(end) for end in _OWN_NAMES if attribute.endswith(end)), None)
    return stem == "" or (stem is not None and stem in kind) or attribute == _NAMED_AFTER.get(kind)


def main(root: str, file: str) -> None:
    """Be the sandbox of the workspace until it is stopped."""
    from tideform.paths import Workspace
    from tideform_sandbox.server import serve

    def write(*_: object) -> None:
        written = Path(f"{file}.new")
        written.write_text(json.dumps(sorted({*things()})), encoding="utf-8")
        written.rename(file)

    signal.signal(signal.SIGUSR1, write)
    serve(Workspace(Path(root)), os.dup(1))
    os._exit(0)  # moto leaves threads behind that nobody can join


if __name__ == "__main__":
    main(*sys.argv[1:])
