"""CloudWatch Logs: log groups. Pulumi's tokens count them to CloudWatch."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from tideform.resources.actions import actions
from tideform.resources.base import ResourceType
from tideform.resources.costs import by_use
from tideform.resources.identity import named
from tideform.resources.inventory import Area, Leftover, Place

# Where services look for the groups of what they run; what stands there is called as that is.
_FOLDERS = ("/aws/lambda/", "/aws/sagemaker/Endpoints/")


def log_groups(place: Place) -> Iterator[Leftover]:
    """CloudWatch log groups: in a folder of our own, and where SageMaker and Lambda write for what is ours."""
    logs = place.cloud.client("logs")
    for folder in (f"/tideform/{place.deployment.name}/", *(f"{folder}{place.prefix}" for folder in _FOLDERS)):
        for found in place.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=folder):
            name, arn = found["logGroupName"], found["arn"].removesuffix(":*")
            last = name.rpartition("/")[2]
            group = Leftover("logs", "log group", name, note="billed by what it holds")
            called = last if name.startswith(_FOLDERS) else f"{place.prefix}{last}"
            yield from place.claim(group, called, partial(_group_tags, logs, arn))


def _group_tags(logs: Any, arn: str) -> dict[str, str]:
    return dict(logs.list_tags_for_resource(resourceArn=arn)["tags"])


TYPES = (
    ResourceType(
        "aws:cloudwatch/logGroup:LogGroup",
        terraform="aws_cloudwatch_log_group",
        identify=named("name"),
        cost=by_use("log data"),
        inventory=Area("CloudWatch log groups", log_groups),
        actions=actions(
            "logs",
            create="CreateLogGroup PutRetentionPolicy AssociateKmsKey",
            read="DescribeLogGroups ListTagsForResource",
            update="PutRetentionPolicy DeleteRetentionPolicy AssociateKmsKey DisassociateKmsKey",
            delete="DeleteLogGroup",
            tag="TagResource UntagResource",
        ),
        in_units=True,
    ),
)
