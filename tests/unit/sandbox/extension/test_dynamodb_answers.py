"""DynamoDB's quick answers say what moto's own would."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from moto.dynamodb.models.dynamo_type import DynamoType

from tideform_sandbox.extension import install
from tideform_sandbox.services.dynamodb.answers import wire

PLAIN = st.one_of(
    st.builds(lambda text: {"S": text}, st.text()),
    st.builds(lambda number: {"N": str(number)}, st.integers()),
    st.builds(lambda truth: {"BOOL": truth}, st.booleans()),
    st.just({"NULL": True}),
    st.builds(lambda texts: {"SS": texts}, st.lists(st.text(min_size=1), min_size=1, unique=True)),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.builds(lambda members: {"L": members}, st.lists(inner)),
        st.builds(lambda members: {"M": members}, st.dictionaries(st.text(min_size=1), inner)),
    ),
    max_leaves=20,
)
ITEM: dict[str, Any] = {
    "pk": {"S": "one"},
    "number": {"N": "1.5"},
    "yes": {"BOOL": True},
    "nothing": {"NULL": True},
    "list": {"L": [{"S": "a"}, {"M": {"b": {"N": "2"}}}]},
    "map": {"M": {"": {"S": ""}, "empty": {"M": {}}, "deep": {"L": []}}},
}


@given(VALUES)
def test_a_value_leaves_as_it_came(value: dict[str, Any]) -> None:
    assert wire(DynamoType(value)) == wire(value) == value


@pytest.mark.parametrize("value", [{"B": b"x"}, {"M": {"deep": {"L": [{"B": b"x"}]}}}])
def test_bytes_are_left_to_moto(value: dict[str, Any]) -> None:
    assert wire(value) is None


@mock_aws
def test_every_operation_answers_with_items_as_they_were_put() -> None:
    install("dynamodb")
    client = boto3.client("dynamodb", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    client.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.put_item(TableName="t", Item=ITEM)
    key = {"pk": {"S": "one"}}
    change = {"UpdateExpression": "SET #n = :n", "ExpressionAttributeNames": {"#n": "number"}}
    updated = client.update_item(
        TableName="t", Key=key, **change, ExpressionAttributeValues={":n": {"N": "1.5"}}, ReturnValues="ALL_NEW"
    )
    found = [
        client.get_item(TableName="t", Key=key)["Item"],
        client.scan(TableName="t")["Items"][0],
        updated["Attributes"],
    ]
    assert found == [ITEM] * 3
