"""Whether something of a name stands already, and whose it is: asked of the services where the state does not know.

Only what has a name of our choice and carries tags is asked: tables, buckets and roles, of which every layer but
monitoring has one; and alarms and rules, of which AWS writes another's over without a word where the name is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tideform.cloud import Cloud

Tags = Mapping[str, str]
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403"})
_ABSENT = frozenset({"NoSuchBucket", "NoSuchEntity", "ResourceNotFoundException", "404"})


def tags_of(cloud: Cloud, token: str, inputs: Mapping[str, Any]) -> Tags | None:
    """The tags of what stands under the name in ``inputs``; None where nothing does, or nobody may tell."""
    from botocore.exceptions import ClientError

    if token not in _LOOKS:
        return None
    key, look = _LOOKS[token]
    name = inputs.get(key)
    if not isinstance(name, str):
        return None
    try:
        return look(cloud, name)
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT | _DENIED:
            return None
        raise


def _bucket(cloud: Cloud, name: str) -> Tags:
    from botocore.exceptions import ClientError

    try:
        found = cloud.client("s3").get_bucket_tagging(Bucket=name)["TagSet"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchTagSet":
            return {}
        raise
    return _pairs(found)


def _table(cloud: Cloud, name: str) -> Tags | None:
    dynamodb = cloud.client("dynamodb")
    table = dynamodb.describe_table(TableName=name)["Table"]
    if table["TableStatus"] == "DELETING":
        return None
    return _pairs(dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"])


def _role(cloud: Cloud, name: str) -> Tags:
    return _pairs(cloud.client("iam").get_role(RoleName=name)["Role"].get("Tags", []))


def _alarm(cloud: Cloud, name: str) -> Tags | None:
    """A second one of the name would update it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    cloudwatch = cloud.client("cloudwatch")
    for found in cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]:
        return _pairs(cloudwatch.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"])
    return None


def _rule(cloud: Cloud, name: str) -> Tags:
    """A second one of the name would update it.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
    """
    events = cloud.client("events")
    return _pairs(events.list_tags_for_resource(ResourceARN=events.describe_rule(Name=name)["Arn"])["Tags"])


def _pairs(tags: list[dict[str, str]]) -> Tags:
    return {tag["Key"]: tag["Value"] for tag in tags}


_LOOKS: dict[str, tuple[str, Callable[[Cloud, str], Tags | None]]] = {
    "aws:s3/bucket:Bucket": ("bucket", _bucket),
    "aws:dynamodb/table:Table": ("name", _table),
    "aws:iam/role:Role": ("name", _role),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("name", _alarm),
    "aws:cloudwatch/eventRule:EventRule": ("name", _rule),
}
