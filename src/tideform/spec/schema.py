"""The JSON Schema of the spec (draft 2020-12), for editors and for other tools.

It says what a file's shape is. What a spec means (references, limits, names) only `validate` can say.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from tideform.spec.project import Environment, Project
from tideform.spec.quantities import Quantity

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FILE_NAME = "tideform.schema.json"  # what blueprints refer to in their first line

# An environment may not change these, and it has the region among its own settings.
_NOT_OVERRIDDEN = frozenset({"version", "project", "environments", "moved", "region"})


class _Generator(GenerateJsonSchema):
    """Writes a default as a spec would: ``20m``, not its parts."""

    def encode_default(self, dft: Any) -> Any:
        return str(dft) if isinstance(dft, Quantity) else super().encode_default(dft)


def json_schema() -> dict[str, Any]:
    """The schema of a whole spec, overrides included."""
    schema = Project.model_json_schema(schema_generator=_Generator)
    definitions = schema["$defs"]
    environment = definitions.pop(Environment.__name__)
    partial = {f"{name}Override": _partial(definition) for name, definition in definitions.items()}
    overrides = {
        name: _nullable(_renamed(deepcopy(field)))
        for name, field in schema["properties"].items()
        if name not in _NOT_OVERRIDDEN
    }
    environment["properties"] |= overrides
    environment["additionalProperties"] = False
    definitions |= {Environment.__name__: environment, **partial}
    return {"$schema": DIALECT, "title": "tideform project spec", **_untitled(schema)}


def _partial(definition: dict[str, Any]) -> dict[str, Any]:
    """A section of which an override may give any part, or take one away with null."""
    part: dict[str, Any] = _renamed(deepcopy(definition))
    part.pop("required", None)
    part.pop("oneOf", None)
    properties = part.get("properties", {})
    part["properties"] = {name: _nullable(field) for name, field in properties.items()}
    return part


def _nullable(field: dict[str, Any]) -> dict[str, Any]:
    """The field or null. What is said about it stays on the outside, where editors look; a default would lie."""
    said: dict[str, Any] = {key: field.pop(key) for key in ("description", "x-update") if key in field}
    field.pop("default", None)
    field.pop("title", None)
    return {**said, "anyOf": [field, {"type": "null"}]}


def _renamed(node: Any) -> Any:
    """The same with references to the partial sections."""
    if isinstance(node, dict):
        return {key: f"{value}Override" if key == "$ref" else _renamed(value) for key, value in node.items()}
    return [_renamed(item) for item in node] if isinstance(node, list) else node


def _untitled(node: Any) -> Any:
    """Without the titles that are only the field's name again."""
    if isinstance(node, dict):
        return {k: _untitled(v) for k, v in node.items() if not (k == "title" and isinstance(v, str))}
    return [_untitled(item) for item in node] if isinstance(node, list) else node
