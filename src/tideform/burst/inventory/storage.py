"""What holds data: buckets, tables and log groups."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.burst.inventory.base import Area, Leftover, Place


def buckets(place: Place) -> Iterator[Leftover]:
    """S3 buckets, by name: their tags would cost a call each."""
    for found in place.cloud.client("s3").list_buckets()["Buckets"]:
        if place.ours(found["Name"]):
            yield Leftover("s3", "bucket", found["Name"], note="billed by what it holds")


def tables(place: Place) -> Iterator[Leftover]:
    """DynamoDB tables, by name."""
    for name in place.pages("dynamodb", "list_tables", "TableNames"):
        if place.ours(name):
            yield Leftover("dynamodb", "table", name, note="billed by what it holds")


def log_groups(place: Place) -> Iterator[Leftover]:
    """CloudWatch log groups: ours, and those that SageMaker makes for our endpoints."""
    own, made = f"/tideform/{place.deployment.name}", f"/aws/sagemaker/Endpoints/{place.prefix}"
    for prefix in (own, made):
        for found in place.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix):
            name = found["logGroupName"]
            unit_of_it = name.rpartition("/")[2].removeprefix(place.prefix)
            if name.startswith((f"{own}/", made)) and place.unit in (None, unit_of_it):
                yield Leftover("logs", "log group", name, note="billed by what it holds")


AREAS = (
    Area("S3 buckets", buckets),
    Area("DynamoDB tables", tables),
    Area("CloudWatch log groups", log_groups),
)
