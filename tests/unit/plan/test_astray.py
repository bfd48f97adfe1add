"""What a plan would make although it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from moto import mock_aws

from tests.unit.plan.making import deployment, resource
from tideform.cloud import Cloud
from tideform.errors import RefusedError
from tideform.model.engine import Preview
from tideform.model.planned import PlannedResource
from tideform.operations.astray import refuse_anothers_table, refuse_astray
from tideform.spec.deployment import Deployment
from tideform.spec.project import Environment
from tideform.state.backend import Backend
from tideform.state.checkpoint import FolderBlobs

HERE = deployment()
OURS = {"tideform:project": "demo", "tideform:environment": "dev"}
PRODS = {**OURS, "tideform:environment": "prod"}
TRUST = '{"Version": "2012-10-17", "Statement": []}'
RESOURCES = {
    "bucket": replace(resource("aws:s3/bucket:Bucket", "raw", "storage"), after={"bucket": "raw"}),
    "table": replace(resource("aws:dynamodb/table:Table", "leases"), after={"name": "leases"}),
    "alarm": replace(resource("aws:cloudwatch/metricAlarm:MetricAlarm", "slow", "monitoring"), after={"name": "slow"}),
    "rule": replace(resource("aws:cloudwatch/eventRule:EventRule", "ended", "training/fit"), after={"name": "ended"}),
    "role": replace(resource("aws:iam/role:Role", "job", "training/fit"), after={"name": "job"}),
}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with mock_aws():
        made = Cloud("us-east-1", "123456789012")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setattr("tideform.connect.cloud_for", lambda _deployment: made)
        yield made


def make(cloud: Cloud, kind: str, tags: dict[str, str], name: str = "leases") -> None:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    if kind == "bucket":
        cloud.client("s3").create_bucket(Bucket="raw")
        if tags:
            cloud.client("s3").put_bucket_tagging(Bucket="raw", Tagging={"TagSet": pairs})
    elif kind == "table":
        keys = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
        attributes = [{"AttributeName": "pk", "AttributeType": "S"}]
        cloud.client("dynamodb").create_table(TableName=name, AttributeDefinitions=attributes, Tags=pairs, **keys)
    elif kind == "alarm":
        threshold = {"EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 1.0}
        metric = {"Namespace": "demo", "MetricName": "seconds", "Period": 60, "Statistic": "Average"}
        cloud.client("cloudwatch").put_metric_alarm(AlarmName="slow", Tags=pairs, **threshold, **metric)
    elif kind == "rule":
        cloud.client("events").put_rule(Name="ended", ScheduleExpression="rate(1 day)", Tags=pairs)
    else:
        cloud.client("iam").create_role(RoleName="job", AssumeRolePolicyDocument=TRUST, Tags=pairs)


def look(planned: PlannedResource, pending: frozenset[str] = frozenset()) -> None:
    refuse_astray(HERE, [Preview((planned,), {}, {}, pending=pending)])


@pytest.mark.parametrize("kind", RESOURCES)
@pytest.mark.parametrize(
    ("tags", "code"), [(OURS, "TD407"), ({}, "TD421"), ({**OURS, "tideform:environment": "prod"}, "TD421")]
)
def test_what_stands_is_not_made_again(cloud: Cloud, kind: str, tags: dict[str, str], code: str) -> None:
    make(cloud, kind, tags)
    with pytest.raises(RefusedError) as caught:
        look(RESOURCES[kind])
    assert [found.code for found in caught.value.diagnostics] == [code]


@pytest.mark.parametrize("kind", RESOURCES)
def test_what_does_not_stand_may_be_made(cloud: Cloud, kind: str) -> None:
    look(RESOURCES[kind])


def test_what_a_crashed_run_was_making_is_left_to_its_recovery(cloud: Cloud) -> None:
    make(cloud, "bucket", OURS)
    look(replace(RESOURCES["bucket"], urn="urn:it"), frozenset({"urn:it"}))


@pytest.mark.parametrize("tags", [{**OURS, "tideform:environment": "dev-eu"}, {}], ids=["ours", "nobody's"])
def test_a_lease_table_that_is_no_others_hinders_nobody(
    cloud: Cloud, tags: dict[str, str], account: Deployment, nothing: Backend
) -> None:
    make_table(cloud, tags)
    refuse_anothers_table(account, nothing)


def test_no_lease_table_hinders_nobody(cloud: Cloud, account: Deployment, nothing: Backend) -> None:
    refuse_anothers_table(account, nothing)


def test_the_lease_table_of_another_pair_with_the_same_name_is_refused_and_says_whose_it_is(
    cloud: Cloud, account: Deployment, nothing: Backend
) -> None:
    make_table(cloud, {"tideform:project": "demo-dev", "tideform:environment": "eu"})
    with pytest.raises(RefusedError) as caught:
        refuse_anothers_table(account, nothing)
    (found,) = caught.value.diagnostics
    assert (found.code, "project demo-dev, environment eu" in found.detail) == ("TD421", True)


@pytest.fixture
def account() -> Deployment:
    """The environment ``dev-eu`` of ``demo``, on an account."""
    return replace(HERE, environment="dev-eu", settings=Environment(target="aws", account="123456789012"))


@pytest.fixture
def nothing(account: Deployment, tmp_path: Path) -> Backend:
    """A state that knows of nothing."""
    return Backend(account, FolderBlobs(tmp_path))


def make_table(cloud: Cloud, tags: dict[str, str]) -> None:
    make(cloud, "table", tags, name="demo-dev-eu-leases")
