"""The fields of the spec by their path: for 'did you mean', for ``explain``, for the docs."""

from __future__ import annotations

from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tideform.spec.base import UpdatePolicy
from tideform.spec.nodes import Path
from tideform.spec.project import Project


@dataclass(frozen=True)
class Field:
    """What is known about one field of the spec."""

    path: str
    description: str
    update: UpdatePolicy
    required: bool
    default: str
    choices: tuple[str, ...]
    keys: tuple[str, ...]  # what may stand under it


def describe(path: str) -> Field | None:
    """The field at a path such as ``training.nightly.lease``; the names of units and stores are free."""
    *above, last = path.split(".")
    section = section_at(tuple(above))
    info = field_of(section, last) if section else None
    if info is None:
        return None
    below = section_at(tuple(path.split(".")))
    default = None if info.is_required() else info.get_default()
    return Field(
        path=path,
        description=info.description or "",
        update=update_of(info),
        required=info.is_required(),
        default=str(default) if isinstance(default, bool | int | str) or hasattr(default, "parse") else "",
        choices=_choices(info.annotation),
        keys=tuple(keys_of(below)) if below else (),
    )


def keys_of(section: type[BaseModel]) -> list[str]:
    """The keys of a section, as they are written."""
    return [info.alias or name for name, info in section.model_fields.items()]


def field_of(section: type[BaseModel], key: str) -> FieldInfo | None:
    """The field behind a key, as it is written."""
    fields = section.model_fields.items()
    return next((info for name, info in fields if (info.alias or name) == key), None)


def update_of(info: FieldInfo) -> UpdatePolicy:
    """What changing the field does to what is already there."""
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    return UpdatePolicy(str(extra.get("x-update", UpdatePolicy.IN_PLACE)))


def section_at(path: Path) -> type[BaseModel] | None:
    """The section at a path, passing through names in a mapping and places in a list; None if there is none."""
    current: Any = Project
    for step in path:
        current = _below(_bare(current), str(step))
    current = _bare(current)
    return current if _is_section(current) else None


def _below(annotation: Any, step: str) -> Any:
    if _is_section(annotation):
        info = field_of(annotation, step)
        return info.annotation if info else None
    if get_origin(annotation) in (dict, tuple):
        return get_args(annotation)[1 if get_origin(annotation) is dict else 0]
    return None


def _bare(annotation: Any) -> Any:
    """The type without what is around it: constraints, and 'or nothing'."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _bare(next(part for part in get_args(annotation) if part is not type(None)))
    return annotation


def _is_section(annotation: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _choices(annotation: Any) -> tuple[str, ...]:
    bare = _bare(annotation)
    return tuple(str(choice) for choice in get_args(bare)) if get_origin(bare) is Literal else ()
