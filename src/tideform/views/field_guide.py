"""Looking a field of the spec up by its path, with or without the name of a unit in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from tideform.errors import RefusedError, TideformError
from tideform.spec.base import UpdatePolicy
from tideform.spec.fields import describe, field_of, keys_of, section_at
from tideform.spec.project import Project
from tideform.spec.suggest import did_you_mean, one_of

_ANY = "NAME"  # stands for the name of a unit, a store or an environment
_WORDS = {str: "text", bool: "true or false", int: "whole number", float: "number", type(None): "nothing"}


@dataclass(frozen=True)
class Entry:
    """One field, ready to be shown; ``keys`` are the fields right under it."""

    path: str
    description: str
    type: str
    required: bool
    default: str
    update: UpdatePolicy
    keys: tuple[Entry, ...] = ()


def look_up(path: str) -> Entry:
    """The field at ``training.lease`` or ``training.nightly.lease``. Raises `RefusedError` if there is none."""
    entry = next((e for p in _spellings(path) if (e := _entry(p, path, deep=True))), None)
    if entry is None:
        raise _unknown(path)
    return entry


def _spellings(path: str) -> Iterator[str]:
    """The path as it is, and with a name after each of its steps, for it is often left out."""
    steps = path.split(".")
    yield path
    for place in range(1, len(steps)):
        yield ".".join((*steps[:place], _ANY, *steps[place:]))


def _entry(path: str, shown: str, *, deep: bool) -> Entry | None:
    found = describe(path)
    *above, last = path.split(".")
    section = section_at(tuple(above))
    info = field_of(section, last) if section else None
    if found is None or info is None:
        return None
    return Entry(
        path=shown,
        description=found.description,
        type=type_words(info.annotation),
        required=found.required,
        default=found.default,
        update=found.update,
        keys=tuple(_below(path, shown)) if deep else (),
    )


def _below(path: str, shown: str) -> Iterator[Entry]:
    for base in (path, f"{path}.{_ANY}"):
        if section := section_at(tuple(base.split("."))):
            for key in keys_of(section):
                if entry := _entry(f"{base}.{key}", f"{shown}.{key}", deep=False):
                    yield entry
            return


def type_words(annotation: Any) -> str:
    """A type in words: ``text``, ``one of prefer, only, never``, ``list of text``, ``section``."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_words(parts[0])
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(type_words(p) for p in parts if p is not type(None)))
    if origin is Literal:
        return one_of(map(str, parts))
    if origin is dict:
        return f"{type_words(parts[1])} by name"
    if origin in (tuple, list):
        return f"list of {type_words(parts[0])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    return _WORDS.get(annotation) or _quantity(annotation)


def _quantity(annotation: Any) -> str:
    """A quantity by the first sentence of its own documentation: it gives examples."""
    first = str(getattr(annotation, "__doc__", "") or annotation).strip().splitlines()[0]
    return first.replace("``", "").rstrip(".")


def _unknown(path: str) -> TideformError:
    steps = path.split(".")
    wrong = next((n for n in range(len(steps)) if not _exists(".".join(steps[: n + 1]))), len(steps) - 1)
    known = _keys_at(".".join(steps[:wrong]))
    return RefusedError.of(
        "TD356",
        "The spec has no such field",
        detail=f"{path}: there is nothing called {steps[wrong]} here.",
        fix=did_you_mean(steps[wrong], known) or f"Here may stand {', '.join(known) or 'nothing'}.",
    )


def _exists(path: str) -> bool:
    return any(describe(p) or section_at(tuple(p.split("."))) for p in _spellings(path))


def _keys_at(path: str) -> list[str]:
    if not path:
        return keys_of(Project)
    # A field before a unit of the same name: `serving.model` is every endpoint's model.
    spellings = sorted(_spellings(path), key=lambda p: describe(p) is None)
    found = (section_at(tuple(f"{p}{end}".split("."))) for p in spellings for end in ("", f".{_ANY}"))
    return next((keys_of(section) for section in found if section), [])
