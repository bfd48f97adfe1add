"""Every service of the sandbox lives in the sandbox's time."""

from __future__ import annotations

import io
import urllib.request
from typing import Any

import pytest

from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace
from tideform.spec.deployment import SANDBOX_ACCOUNT

_ROLE = f"arn:aws:iam::{SANDBOX_ACCOUNT}:role/any"
_SOON = 120.0  # seconds that a slow machine may take between the service's look at the clock and ours


@pytest.fixture(scope="module")
def later(cloud: Cloud, workspace: Workspace) -> Cloud:
    """The cloud, a week and two hours on."""
    client.ensure(workspace)
    client.advance_clock(workspace, 7 * 86400 + 7200)
    return cloud


def _is_now(workspace: Workspace, moment: Any) -> bool:
    seconds = moment if isinstance(moment, int | float) else moment.timestamp()
    return abs(float(client.clock(workspace)["now"]) - seconds) < _SOON


def test_objects(later: Cloud, workspace: Workspace) -> None:
    s3 = later.client("s3")
    s3.create_bucket(Bucket="timed")
    s3.put_object(Bucket="timed", Key="k", Body=io.BytesIO(b"v"))
    assert _is_now(workspace, s3.head_object(Bucket="timed", Key="k")["LastModified"])
    assert _is_now(workspace, s3.list_buckets()["Buckets"][0]["CreationDate"])


def test_log_groups_and_lines(later: Cloud, workspace: Workspace) -> None:
    logs = later.client("logs")
    logs.create_log_group(logGroupName="timed")
    logs.create_log_stream(logGroupName="timed", logStreamName="s")
    now = int(client.clock(workspace)["now"] * 1000)
    logs.put_log_events(
        logGroupName="timed", logStreamName="s", logEvents=[{"timestamp": now, "message": "it is late"}]
    )
    event = logs.get_log_events(logGroupName="timed", logStreamName="s")["events"][0]
    assert event["timestamp"] == now
    assert _is_now(workspace, event["ingestionTime"] / 1000)
    assert _is_now(workspace, logs.describe_log_groups()["logGroups"][0]["creationTime"] / 1000)


def test_sagemakers_models(later: Cloud, workspace: Workspace) -> None:
    sagemaker = later.client("sagemaker")
    sagemaker.create_model(ModelName="timed", ExecutionRoleArn=_ROLE, PrimaryContainer={"Image": "image"})
    assert _is_now(workspace, sagemaker.describe_model(ModelName="timed")["CreationTime"])


def test_roles(later: Cloud, workspace: Workspace) -> None:
    role = later.client("iam").create_role(RoleName="timed", AssumeRolePolicyDocument="{}")["Role"]
    assert _is_now(workspace, role["CreateDate"])


def test_tables(later: Cloud, workspace: Workspace) -> None:
    made = later.client("dynamodb").create_table(
        TableName="timed",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
    )["TableDescription"]
    assert _is_now(workspace, made["CreationDateTime"])


def test_schedules(later: Cloud, workspace: Workspace) -> None:
    scheduler = later.client("scheduler")
    scheduler.create_schedule(
        Name="timed",
        ScheduleExpression="rate(30 days)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"arn:aws:sqs:us-east-1:{SANDBOX_ACCOUNT}:q", "RoleArn": _ROLE},
    )
    assert _is_now(workspace, scheduler.get_schedule(Name="timed")["CreationDate"])


def test_a_presigned_address_works_whatever_time_it_is(later: Cloud) -> None:
    s3 = later.client("s3")
    s3.create_bucket(Bucket="presigned-later")
    s3.put_object(Bucket="presigned-later", Key="k", Body=b"v")
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned-later", "Key": "k"}, ExpiresIn=60)
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == b"v"
