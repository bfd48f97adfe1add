"""Between the engine's protobuf structs and plain Python values.

Whole numbers arrive as floats and become ints. A value that is not known yet is `UNKNOWN`. Secrets are opened when they
are read, and `seal` closes again what was made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.struct_pb2 import NULL_VALUE, ListValue, Struct, Value

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SEALED: Final = "1b47061264138c4ac30d75fd1eb44270"
_TEXTS: Final = ("c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7")
_UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
Properties = dict[str, Any]


class Unknown:
    """The one value that stands for 'known after apply'."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


def read_struct(struct: Struct) -> Properties:
    """A struct as a dict, without its nulls."""
    pairs = ((key, _read(value)) for key, value in struct.fields.items())
    return {key: value for key, value in pairs if value is not None}


def write_struct(properties: Mapping[str, Any]) -> Struct:
    """A dict as a struct."""
    return Struct(fields={key: _write(value) for key, value in properties.items()})


def seal(properties: Struct, given: Struct) -> Struct:
    """Mark as secret what was given with a secret inside, and what AWS tells of it (``tagsAll`` of ``tags``)."""
    names = {key for key, value in given.fields.items() if _holds_secret(value)}
    for name in names | {f"{name}All" for name in names}:
        if name in properties.fields:
            inner = properties.fields[name]
            closed = Struct(fields={_SIGNATURE: Value(string_value=_SEALED), "value": inner})
            properties.fields[name].CopyFrom(Value(struct_value=closed))
    return properties


def has_unknown(value: Any) -> bool:
    """Whether any part of the value is known only after apply."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


def _holds_secret(value: Value) -> bool:
    match value.WhichOneof("kind"):
        case "list_value":
            return any(map(_holds_secret, value.list_value.values))
        case "struct_value":
            fields = value.struct_value.fields
            sealed = _SIGNATURE in fields and fields[_SIGNATURE].string_value == _SEALED
            return sealed or any(map(_holds_secret, fields.values()))
    return False


def _read(value: Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value == _UNKNOWN_TEXT else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_read(item) for item in value.list_value.values]
        case "struct_value":
            return _read_object(value.struct_value)
    return None


def _read_object(struct: Struct) -> Any:
    if _SIGNATURE in struct.fields and struct.fields[_SIGNATURE].string_value in _TEXTS:
        return read_struct(struct)  # an asset or an archive: it goes back as it came
    if _SIGNATURE in struct.fields:  # a secret or an output: its value is what counts
        return _read(struct.fields["value"]) if "value" in struct.fields else UNKNOWN
    return read_struct(struct)


def _write(value: Any) -> Value:
    if value is None:
        return Value(null_value=NULL_VALUE)
    if value is UNKNOWN:
        return Value(string_value=_UNKNOWN_TEXT)
    if isinstance(value, bool):
        return Value(bool_value=value)
    if isinstance(value, int | float):
        return Value(number_value=value)
    if isinstance(value, list | tuple):
        return Value(list_value=ListValue(values=[_write(item) for item in value]))
    if isinstance(value, Mapping):
        return Value(struct_value=write_struct(value))
    return Value(string_value=str(value))
