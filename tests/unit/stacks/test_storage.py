"""The storage layer: a safe bucket a store."""

from __future__ import annotations

import pytest

from tests.unit.stacks.collecting import collect, inputs, of_type, statements

COMPANIONS = (
    "BucketLifecycleConfiguration",
    "BucketOwnershipControls",
    "BucketPolicy",
    "BucketPublicAccessBlock",
    "BucketServerSideEncryptionConfiguration",
    "BucketVersioning",
)


@pytest.mark.parametrize("companion", COMPANIONS)
def test_every_bucket_has_its_companion(companion: str) -> None:
    found = collect("storage")
    buckets = {r.after["bucket"] for r in of_type(found, "Bucket") if r.after}
    assert {r.after["bucket"] for r in of_type(found, companion) if r.after} == buckets


def test_public_access_is_blocked_in_all_four_ways() -> None:
    for block in of_type(collect("storage"), "BucketPublicAccessBlock"):
        settings = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        assert all(block.after and block.after[setting] is True for setting in settings)


def test_buckets_are_encrypted_with_the_projects_key() -> None:
    for encryption in of_type(collect("storage"), "BucketServerSideEncryptionConfiguration"):
        (rule,) = (encryption.after or {})["rules"]
        assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
        assert rule["bucketKeyEnabled"] is True


def test_plain_http_and_old_tls_are_denied() -> None:
    for policy in of_type(collect("storage"), "BucketPolicy"):
        denied = {s["Sid"] for s in statements((policy.after or {})["policy"]) if s["Effect"] == "Deny"}
        assert denied == {"DenyWithoutTls", "DenyOldTls"}


def test_data_is_marked_and_never_emptied_by_the_engine() -> None:
    found = collect("storage")
    marked = {r.name for r in of_type(found, "Bucket") if r.after and r.after["tags"].get("tideform:data") == "true"}
    assert marked == {"models", "tideform-captures", "tideform-tracking", "transactions"}
    assert {r.name for r in of_type(found, "Bucket") if r.after and r.after["forceDestroy"]} == {"scratch"}


def test_versions_follow_the_kind() -> None:
    found = collect("storage")
    status = {
        r.name: r.after["versioningConfiguration"]["status"] for r in of_type(found, "BucketVersioning") if r.after
    }
    assert (status["transactions"], status["models"], status["scratch"]) == ("Enabled", "Enabled", "Suspended")


def test_what_the_spec_says_of_the_data_is_in_the_tags() -> None:
    tags = inputs(collect("storage"), "Bucket", "transactions")["tags"]
    assert tags["tideform:classification"] == "restricted"
    assert tags["tideform:remote"] == "dvc"


def test_a_renamed_store_keeps_its_bucket() -> None:
    before = collect("storage", serving={}, tracking=None)
    stores = {"payments": {"kind": "dataset"}}
    moved = [{"from": "storage.transactions", "to": "storage.payments"}]
    after = collect("storage", serving={}, tracking=None, storage=stores, moved=moved)
    assert after.outputs["buckets"] == {"payments": before.outputs["buckets"]["transactions"]}


def test_the_tracking_server_reaches_only_its_own_bucket() -> None:
    found = collect("storage")
    server = inputs(found, "MlflowTrackingServer", "tracking")
    bucket = inputs(found, "Bucket", "tideform-tracking")["bucket"]
    assert server["artifactStoreUri"] == f"s3://{bucket}"
    assert server["trackingServerSize"] == "Small"
    allowed = statements(inputs(found, "RolePolicy", "tracking")["policy"])
    s3 = [arn for s in allowed for arn in s["Resource"] if arn.startswith("arn:aws:s3")]
    assert set(s3) == {f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"}


def test_without_tracking_and_captures_there_are_only_the_stores() -> None:
    found = collect("storage", tracking=None, serving={})
    assert {r.name for r in of_type(found, "Bucket")} == {"transactions", "models", "scratch"}


def test_only_a_store_that_something_waits_for_tells_of_its_objects() -> None:
    pool = {
        "instance_types": ["c5.large"],
        "trigger": {"store": "transactions"},
        "job": {"image": "trainer", "command": ["true"]},
    }
    found = collect("storage", training={"pool": pool})
    (telling,) = of_type(found, "BucketNotification")
    assert (telling.name, (telling.after or {})["eventbridge"]) == ("transactions", True)
    assert of_type(collect("storage"), "BucketNotification") == []
