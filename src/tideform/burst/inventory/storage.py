"""What holds data: buckets, tables and log groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from tideform.burst.inventory.base import Area, Leftover, Place, pairs, tags_of
from tideform.pools.log_groups import KEEP_DAYS, is_lasting, job_log_group

_OF_REMOVED = f"what its jobs have printed, each line for {KEEP_DAYS} days; billed by what it holds"
_OF_ENDPOINTS = "/aws/sagemaker/Endpoints/"


def buckets(place: Place) -> Iterator[Leftover]:
    """S3 buckets of the account, in whatever region."""
    for found in place.pages("s3", "list_buckets", "Buckets"):
        name = found["Name"]
        bucket = Leftover("s3", "bucket", name, note="billed by what it holds")
        yield from place.claim(bucket, name, partial(_bucket_tags, place, name))


def _bucket_tags(place: Place, name: str) -> dict[str, str]:
    """A bucket without tags is an error in this API."""
    from botocore.exceptions import ClientError

    try:
        return tags_of(place.cloud.client("s3").get_bucket_tagging(Bucket=name), "TagSet")
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchTagSet", "NoSuchBucket"):
            return {}
        raise


def repositories(place: Place) -> Iterator[Leftover]:
    """ECR repositories."""
    for found in place.pages("ecr", "describe_repositories", "repositories"):
        name, arn = found["repositoryName"], found["repositoryArn"]
        repository = Leftover("ecr", "repository", name, note="billed by what it holds")
        yield from place.claim(repository, name, partial(_repository_tags, place, arn))


def _repository_tags(place: Place, arn: str) -> dict[str, str]:
    return tags_of(place.cloud.client("ecr").list_tags_for_resource(resourceArn=arn), "tags")


def tables(place: Place) -> Iterator[Leftover]:
    """DynamoDB tables."""
    for name in place.pages("dynamodb", "list_tables", "TableNames"):
        table = Leftover("dynamodb", "table", name, note="billed by what it holds")
        yield from place.claim(table, name, partial(_table_tags, place, name))


def _table_tags(place: Place, name: str) -> dict[str, str]:
    arn = place.cloud.client("dynamodb").describe_table(TableName=name)["Table"]["TableArn"]
    return pairs(place.pages("dynamodb", "list_tags_of_resource", "Tags", ResourceArn=arn))


def log_groups(place: Place) -> Iterator[Leftover]:
    """CloudWatch log groups: in a folder of our own, and where SageMaker writes for our endpoints."""
    logs = place.cloud.client("logs")
    for folder in (f"/tideform/{place.deployment.name}/", f"{_OF_ENDPOINTS}{place.prefix}"):
        for found in place.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=folder):
            name, arn = found["logGroupName"], found["arn"].removesuffix(":*")
            last = name.rpartition("/")[2]
            group = Leftover("logs", "log group", name, note="billed by what it holds")
            if place.unit is not None and is_lasting(place.deployment, name):
                group = replace(group, note=_OF_REMOVED, kept=True)
            called = last if name.startswith(_OF_ENDPOINTS) else f"{place.prefix}{last}"
            yield from place.claim(group, called, partial(_group_tags, logs, arn))


def kept_log(place: Place, pool: str) -> Iterator[Leftover]:
    """The log of a pool whose definitions go between bursts, if anything is in it: it stays, and costs storage alone.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html
    """
    logs, group = place.cloud.client("logs"), job_log_group(place.deployment, pool)
    try:
        found = logs.describe_log_streams(logGroupName=group, limit=1)["logStreams"]
    except logs.exceptions.ResourceNotFoundException:
        return
    if found:
        yield Leftover("logs", "log group", group, note=_OF_REMOVED, kept=True)


def _group_tags(logs: Any, arn: str) -> dict[str, str]:
    return dict(logs.list_tags_for_resource(resourceArn=arn)["tags"])


AREAS = (
    Area("S3 buckets", buckets),
    Area("ECR repositories", repositories),
    Area("DynamoDB tables", tables),
    Area("CloudWatch log groups", log_groups),
)
