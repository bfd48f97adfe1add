"""Which data a removal would lose, and what of it has to be named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tideform.cloud import Cloud, Credentials
from tideform.components.names import BURSTS
from tideform.engine.checkpoint import Checkpoint
from tideform.engine.data import empty, held_data, refuse_unnamed
from tideform.errors import RefusedError


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_aws():
        made = Cloud("us-east-1", "123456789012", Credentials("key", "secret", "https://s3.amazonaws.com"))
        made.client("s3").create_bucket(Bucket="bucket")
        yield made


def state_with(store: str) -> Checkpoint:
    urn = f"urn:pulumi:p-dev::tideform-storage::aws:s3/bucket:Bucket::{store}"
    return Checkpoint(({"type": "aws:s3/bucket:Bucket", "urn": urn, "id": "bucket"},), (), {})


def put(cloud: Cloud, key: str) -> None:
    cloud.client("s3").put_object(Bucket="bucket", Key=key, Body=b"x")


@pytest.mark.parametrize(("store", "key"), [("images", "code/a.tar.gz"), (BURSTS, "checkpoints/fit/run/step-1")])
def test_a_bucket_with_data_has_to_be_named(cloud: Cloud, store: str, key: str) -> None:
    put(cloud, key)
    held = held_data(cloud, [state_with(store)])
    with pytest.raises(RefusedError) as caught:
        refuse_unnamed(held, ["others"])
    assert [found.code for found in caught.value.diagnostics] == ["TD330"]
    refuse_unnamed(held, [store])


def test_code_that_bursts_sent_goes_unasked_and_goes(cloud: Cloud) -> None:
    put(cloud, "code/a.tar.gz")
    held = held_data(cloud, [state_with(BURSTS)])
    refuse_unnamed(held, [])
    empty(cloud, held)
    assert held_data(cloud, [state_with(BURSTS)]) == ()


def test_an_empty_bucket_is_no_data(cloud: Cloud) -> None:
    assert held_data(cloud, [state_with("images")]) == ()
