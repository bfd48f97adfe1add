"""The compliance layer."""

from __future__ import annotations

from tests.unit.stacks.collecting import collect, inputs, statements


def test_the_trail_sees_all_regions_and_signs_its_files() -> None:
    trail = inputs(collect("compliance"), "Trail", "audit")
    wanted = ("isMultiRegionTrail", "enableLogFileValidation", "includeGlobalServiceEvents", "enableLogging")
    assert all(trail[setting] is True for setting in wanted)


def test_objects_of_restricted_stores_are_recorded_one_by_one() -> None:
    (selector,) = inputs(collect("compliance"), "Trail", "audit")["eventSelectors"]
    bucket = inputs(collect("storage"), "Bucket", "transactions")["bucket"]
    assert selector["dataResources"] == [{"type": "AWS::S3::Object", "values": [f"arn:aws:s3:::{bucket}/"]}]


def test_without_restricted_stores_only_management_is_recorded() -> None:
    found = collect("compliance", storage={"models": {"kind": "models"}})
    (selector,) = inputs(found, "Trail", "audit")["eventSelectors"]
    assert not selector.get("dataResources")
    assert selector["includeManagementEvents"] is True


def test_only_this_trail_writes_to_the_audit_bucket() -> None:
    found = collect("compliance")
    policy = statements(inputs(found, "BucketPolicy", "tideform-audit")["policy"])
    trail = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/fraud-scoring-dev-audit"
    allowed = [s for s in policy if s["Effect"] == "Allow"]
    assert {s["Principal"]["Service"] for s in allowed} == {"cloudtrail.amazonaws.com"}
    assert {s["Condition"]["StringEquals"]["aws:SourceArn"] for s in allowed} == {trail}
    assert inputs(found, "Trail", "audit")["name"] == trail.rpartition("/")[2]


def test_the_audit_bucket_lets_s3_ask_the_key_for_the_trail_and_not_for_the_bucket() -> None:
    (rule,) = inputs(collect("compliance"), "BucketServerSideEncryptionConfiguration", "tideform-audit")["rules"]
    assert rule["bucketKeyEnabled"] is False


def test_exports() -> None:
    assert set(collect("compliance").outputs) == {"audit_bucket", "trail_arn"}
