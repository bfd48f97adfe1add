"""Which data a removal would lose, and what of it has to be named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from tideform.cloud import Cloud, Credentials
from tideform.components.names import BURSTS
from tideform.engine.data import Doomed, clear, doomed_by, doomed_in, held_data, holders, unnamed
from tideform.errors import RefusedError
from tideform.model.planned import Action, PlannedResource
from tideform.state.checkpoint import Checkpoint

TRACKING = "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with mock_aws():
        made = Cloud("us-east-1", "123456789012", Credentials("key", "secret", "https://s3.amazonaws.com"))
        made.client("s3").create_bucket(Bucket="bucket")
        yield made


def bucket(name: str) -> Doomed:
    return Doomed("aws:s3/bucket:Bucket", name, "bucket")


def put(cloud: Cloud, key: str) -> None:
    cloud.client("s3").put_object(Bucket="bucket", Key=key, Body=b"x")


@pytest.mark.parametrize(("store", "key"), [("images", "code/a.tar.gz"), (BURSTS, "checkpoints/fit/run/step-1")])
def test_a_bucket_with_data_has_to_be_named(cloud: Cloud, store: str, key: str) -> None:
    put(cloud, key)
    with pytest.raises(RefusedError) as caught:
        clear(lambda: cloud, [bucket(store)], ["others"])
    assert [found.code for found in caught.value.diagnostics] == ["TD330"]
    assert held_data(cloud, [bucket(store)])  # and nothing of it is gone


def test_a_named_bucket_is_emptied(cloud: Cloud) -> None:
    put(cloud, "a")
    clear(lambda: cloud, [bucket("images")], ["images"])
    assert held_data(cloud, [bucket("images")]) == ()


def test_code_that_bursts_sent_goes_unasked_and_goes(cloud: Cloud) -> None:
    put(cloud, "code/a.tar.gz")
    clear(lambda: cloud, [bucket(BURSTS)], [])
    assert held_data(cloud, [bucket(BURSTS)]) == ()


def test_an_empty_bucket_is_no_data(cloud: Cloud) -> None:
    assert held_data(cloud, [bucket("images")]) == ()


def test_a_bucket_that_cannot_be_asked_counts_as_full(cloud: Cloud) -> None:
    def denied(**_words: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjectVersions")

    cloud.client("s3").list_object_versions = denied
    (found,) = unnamed(held_data(cloud, [bucket("images")]), [])
    assert (found.code, "AccessDenied" in found.detail) == ("TD330", True)


def test_a_bucket_whose_name_cannot_be_one_counts_as_full(cloud: Cloud) -> None:
    """As a state may have it that was damaged."""
    (found,) = unnamed(held_data(cloud, [Doomed("aws:s3/bucket:Bucket", "images", "no bucket/at all")]), [])
    assert (found.code, "cannot be asked" in found.detail) == ("TD330", True)


def test_experiments_that_cannot_be_asked_for_count_as_there(cloud: Cloud) -> None:
    def denied(**_words: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeMlflowTrackingServer")

    cloud.client("sagemaker").describe_mlflow_tracking_server = denied
    (found,) = unnamed(held_data(cloud, [Doomed(TRACKING, "tracking", "demo-dev-tracking")]), [])
    assert (found.code, "AccessDenied" in found.detail) == ("TD335", True)


def test_recorded_experiments_have_to_be_named(cloud: Cloud) -> None:
    sagemaker = cloud.client("sagemaker")
    sagemaker.describe_mlflow_tracking_server = lambda **_words: {}
    server = Doomed(TRACKING, "tracking", "demo-dev-tracking")
    held = held_data(cloud, [server])
    assert [found.code for found in unnamed(held, [])] == ["TD335"]
    assert unnamed(held, ["tracking"]) == []


def test_the_fix_names_the_store_that_arrives_in_its_place(cloud: Cloud) -> None:
    put(cloud, "a")
    (found,) = unnamed(held_data(cloud, [bucket("raw")]), [], ["landing"])
    assert "moved: [{from: storage.raw, to: storage.landing}]" in found.fix


@pytest.mark.parametrize(
    ("action", "doomed"),
    [(Action.DELETE, True), (Action.REPLACE, True), (Action.UPDATE, False), (Action.NO_OP, False)],
)
def test_what_is_deleted_or_replaced_is_doomed(action: Action, doomed: bool) -> None:
    planned = PlannedResource("storage", "aws:s3/bucket:Bucket", "raw", action, {}, {}, id="bucket")
    assert list(doomed_by([planned])) == ([Doomed("aws:s3/bucket:Bucket", "raw", "bucket")] if doomed else [])


def test_everything_that_a_stack_made_is_doomed_with_it() -> None:
    urn = "urn:pulumi:p-dev::tideform-storage::aws:s3/bucket:Bucket::raw"
    state = Checkpoint(({"type": "aws:s3/bucket:Bucket", "urn": urn, "id": "bucket"},), (), {})
    assert list(doomed_in([state])) == [bucket("raw")]


def test_whatever_an_error_asks_people_to_name_is_a_name_that_they_can_give() -> None:
    kinds = ("aws:s3/bucket:Bucket", "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer", "aws:iam/role:Role")
    made = [{"type": kind, "urn": f"urn:pulumi:s::p::{kind}::n{place}", "id": "x"} for place, kind in enumerate(kinds)]
    assert holders([Checkpoint(tuple(made), (), {})]) == {"n0", "n1"}
