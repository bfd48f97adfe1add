"""Items of the lease table as plain values, each changed by one conditional write.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tideform.reaper.base import Clients

Item = dict[str, Any]
HEARTBEAT = "reaper"  # the key of what the reaper writes at the end of each round
SILENCE = 900.0  # seconds without one, three of its rounds, after which nobody relies on it
_CONFLICT = "ConditionalCheckFailedException"


@dataclass(frozen=True)
class Items:
    """One table. Every call raises what boto3 raises, but for a condition that does not hold."""

    clients: Clients
    table: str

    def get(self, key: str) -> Item | None:
        """The item as it is now."""
        answer = self._api("get_item")(Key={"pk": {"S": key}}, ConsistentRead=True, TableName=self.table)
        return plain(answer["Item"]) if "Item" in answer else None

    def all(self) -> list[Item]:
        """Every item, page by page: one answer holds a megabyte."""
        found: list[Item] = []
        start: dict[str, Any] = {}
        while True:
            page = self._api("scan")(TableName=self.table, ConsistentRead=True, **start)
            found += map(plain, page["Items"])
            if not page.get("LastEvaluatedKey"):
                return found
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def update(
        self, key: str, change: str, condition: str, *, values: Mapping[str, Any], names: Mapping[str, str]
    ) -> Item | None:
        """The item after the change; None where the condition does not hold. ``names`` may hold more than is used."""
        used = {alias: name for alias, name in names.items() if alias in change + condition}
        answer = self._conditional(
            "update_item",
            Key={"pk": {"S": key}},
            UpdateExpression=change,
            ConditionExpression=condition,
            ReturnValues="ALL_NEW",
            **({"ExpressionAttributeNames": used} if used else {}),
            **({"ExpressionAttributeValues": typed(values)} if values else {}),
        )
        return None if answer is None else plain(answer["Attributes"])

    def put(
        self, item: Item, condition: str, values: Mapping[str, Any], names: Mapping[str, str] | None = None
    ) -> bool:
        """Write the whole item; whether the condition held. ``names`` may hold more than is used."""
        used = {alias: name for alias, name in (names or {}).items() if alias in condition}
        bound: dict[str, Any] = {"ExpressionAttributeValues": typed(values)} if values else {}
        bound |= {"ExpressionAttributeNames": used} if used else {}
        return self._conditional("put_item", Item=typed(item), ConditionExpression=condition, **bound) is not None

    def write(self, item: Item) -> None:
        """Write the whole item, whatever was there."""
        self._api("put_item")(TableName=self.table, Item=typed(item))

    def _conditional(self, operation: str, **arguments: Any) -> dict[str, Any] | None:
        from botocore.exceptions import ClientError

        try:
            answer: dict[str, Any] = self._api(operation)(TableName=self.table, **arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] == _CONFLICT:
                return None
            raise
        return answer

    def _api(self, operation: str) -> Callable[..., dict[str, Any]]:
        call: Callable[..., dict[str, Any]] = getattr(self.clients.client("dynamodb"), operation)
        return call


def plain(item: Mapping[str, Any]) -> Item:
    """DynamoDB's typed values as Python's: whole numbers as int, others as float."""
    from boto3.dynamodb.types import TypeDeserializer

    deserialize = TypeDeserializer().deserialize
    return {name: _lower(deserialize(value)) for name, value in item.items()}


def typed(item: Mapping[str, Any]) -> dict[str, Any]:
    """Python's values as DynamoDB's."""
    from boto3.dynamodb.types import TypeSerializer

    serialize = TypeSerializer().serialize
    return {name: serialize(_raise(value)) for name, value in item.items()}


def _lower(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: _lower(item) for key, item in value.items()}
    return [_lower(item) for item in value] if isinstance(value, list) else value


def _raise(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {key: _raise(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_raise(item) for item in value]
    return str(value) if isinstance(value, str) else value  # an enumeration's words are words
