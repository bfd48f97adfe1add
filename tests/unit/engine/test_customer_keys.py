"""Keys that nobody but their owner may look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tideform.burst.inventory.customer_keys import customer_keys
from tideform.cloud import Cloud


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Cloud("us-east-1", "123456789012")


def made(cloud: Cloud, project: str) -> str:
    tags = [{"TagKey": "tideform:project", "TagValue": project}]
    return str(cloud.client("kms").create_key(Tags=tags)["KeyMetadata"]["KeyId"])


def refuse(cloud: Cloud, service: str, operation: str, key: str = "") -> None:
    """What asks for this key, or for any, is denied, as by a key's policy."""

    def deny(params: Mapping[str, Any], **_: Any) -> None:
        if key in str(params["body"]):
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)

    cloud.client(service).meta.events.register(f"before-call.{service}.{operation}", deny)


def found(cloud: Cloud) -> list[str]:
    return [key.id for key in customer_keys(cloud, lambda tags: tags.get("tideform:project") == "p")]


@pytest.mark.parametrize("operation", ["DescribeKey", "ListResourceTags"])
def test_a_key_of_somebody_else_that_denies_a_look_is_left_out(cloud: Cloud, operation: str) -> None:
    other, ours = made(cloud, "other"), made(cloud, "p")
    refuse(cloud, "kms", operation, other)
    assert found(cloud) == [ours]


def test_a_key_of_ours_that_denies_a_look_is_told(cloud: Cloud) -> None:
    refuse(cloud, "kms", "DescribeKey", made(cloud, "p"))
    with pytest.raises(ClientError, match="DescribeKey"):
        found(cloud)


def test_a_key_of_which_nobody_tells_whose_it_is_is_told(cloud: Cloud) -> None:
    refuse(cloud, "kms", "DescribeKey", made(cloud, "other"))
    refuse(cloud, "resourcegroupstaggingapi", "GetResources")
    with pytest.raises(ClientError, match="DescribeKey"):
        found(cloud)
