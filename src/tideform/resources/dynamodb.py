"""DynamoDB: tables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from tideform.resources.actions import actions
from tideform.resources.base import ResourceType, Taken
from tideform.resources.costs import by_use
from tideform.resources.identity import named
from tideform.resources.inventory import Area, Leftover, Place, Tags, pairs, tags_of

if TYPE_CHECKING:
    from tideform.cloud import Cloud


def tables(place: Place) -> Iterator[Leftover]:
    """DynamoDB tables."""
    for name in place.pages("dynamodb", "list_tables", "TableNames"):
        table = Leftover("dynamodb", "table", name, note="billed by what it holds")
        yield from place.claim(table, name, partial(_table_tags, place, name))


def _table_tags(place: Place, name: str) -> dict[str, str]:
    arn = place.cloud.client("dynamodb").describe_table(TableName=name)["Table"]["TableArn"]
    return pairs(place.pages("dynamodb", "list_tags_of_resource", "Tags", ResourceArn=arn))


def _taken_by(cloud: Cloud, name: str) -> Tags | None:
    """One that is going away is in nobody's way for long."""
    dynamodb = cloud.client("dynamodb")
    table = dynamodb.describe_table(TableName=name)["Table"]
    if table["TableStatus"] == "DELETING":
        return None
    return tags_of(dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"]))


TYPES = (
    ResourceType(
        "aws:dynamodb/table:Table",
        terraform="aws_dynamodb_table",
        identify=named("name"),
        cost=by_use("requests and storage"),
        inventory=Area("DynamoDB tables", tables),
        actions=actions(
            "dynamodb",
            # Under a key of ours DynamoDB takes a grant in the caller's name:
            # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
            create="CreateTable UpdateContinuousBackups kms:CreateGrant kms:DescribeKey",
            read="DescribeTable DescribeContinuousBackups DescribeTimeToLive ListTagsOfResource",
            update="UpdateTable UpdateContinuousBackups UpdateTimeToLive",
            delete="DeleteTable",
            tag="TagResource UntagResource",
            search="ListTables",
        ),
        taken=Taken("name", _taken_by),
        ground="the leases and what bursts have cost",
    ),
)
