"""DynamoDB: items leave as they are kept. moto walks through every value of every item with botocore's model in hand,
although an item is in the protocol's own form already; of a table with a thousand leases that was nine tenths of the
time.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
"""

from __future__ import annotations

from typing import Any

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models.dynamo_type import DynamoType

from tideform_sandbox.extension.request import put

_SERVICE, _SHAPE = "dynamodb", "AttributeValue"
_AS_IS = ("S", "N", "BOOL", "NULL", "SS", "NS")


def install() -> None:
    """Take the short way for attribute values; whatever is none of the plain types goes moto's own way."""
    serialize = BaseJSONSerializer._serialize_type_structure

    def short(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        plain = wire(value) if shape.name == _SHAPE and self.service_model.service_name == _SERVICE else None
        if plain is None:
            serialize(self, serialized, value, shape, key)
        else:
            serialized[key] = plain

    put(BaseJSONSerializer, "_serialize_type_structure", short)


def wire(value: Any) -> dict[str, Any] | None:
    """A value in the protocol's form; None where it is or holds bytes."""
    kind, content = (value.type, value.value) if isinstance(value, DynamoType) else next(iter(value.items()))
    if kind == "M":
        inner = {name: wire(each) for name, each in content.items()}
        return None if None in inner.values() else {kind: inner}
    if kind == "L":
        members = [wire(each) for each in content]
        return None if None in members else {kind: members}
    return {kind: content} if kind in _AS_IS else None
