"""What a plan would make although it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from moto import mock_aws

from tests.unit.plan.making import deployment, resource
from tideform.cloud import Cloud
from tideform.engine.base import Preview
from tideform.errors import RefusedError
from tideform.plan.astray import refuse_astray
from tideform.plan.model import PlannedResource

HERE = deployment()
OURS = {"tideform:project": "demo", "tideform:environment": "dev"}
PRODS = {**OURS, "tideform:environment": "prod"}
TRUST = '{"Version": "2012-10-17", "Statement": []}'
RESOURCES = {
    "bucket": replace(resource("aws:s3/bucket:Bucket", "raw", "storage"), after={"bucket": "raw"}),
    "table": replace(resource("aws:dynamodb/table:Table", "leases"), after={"name": "leases"}),
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


def make(cloud: Cloud, kind: str, tags: dict[str, str]) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    if kind == "bucket":
        cloud.client("s3").create_bucket(Bucket="raw")
        if tags:
            cloud.client("s3").put_bucket_tagging(Bucket="raw", Tagging={"TagSet": pairs})
    elif kind == "table":
        keys = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
        attributes = [{"AttributeName": "pk", "AttributeType": "S"}]
        cloud.client("dynamodb").create_table(TableName="leases", AttributeDefinitions=attributes, Tags=pairs, **keys)
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
