"""The bucket itself; its settings are resources of their own, in `bucket_settings`."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal

_DELETED_AT_ONCE = 1000  # DeleteObjects takes no more


def _create(context: Context, inputs: Inputs) -> str:
    """Make the bucket with its tags in one call: a crash must not leave one that nobody can tell from a stranger's.

    AWS answers success for one's own bucket in us-east-1, so we look first.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html
    """
    name = inputs["bucket"]
    if _exists(context, name):
        raise Refusal("BucketAlreadyOwnedByYou", f"a bucket named {name} exists already (s3.create_bucket)")
    members: dict[str, Any] = {"Bucket": name}
    configuration: dict[str, Any] = {}
    if context.region != "us-east-1":
        configuration["LocationConstraint"] = context.region
    if inputs.get("tags"):
        configuration["Tags"] = tagging.as_pairs(inputs["tags"])
    if configuration:
        members["CreateBucketConfiguration"] = configuration
    if inputs.get("objectLockEnabled"):
        members["ObjectLockEnabledForBucket"] = True
    context.call("s3", "create_bucket", **members)
    return str(name)


def _exists(context: Context, name: str) -> bool:
    try:
        context.call("s3", "head_bucket", Bucket=name)
    except Refusal as refusal:
        if refusal.means_gone:
            return False
        raise
    return True


def _settle(context: Context, name: str, old: Inputs, new: Inputs) -> None:
    before, after = old.get("tags") or {}, new.get("tags") or {}
    if not old:
        return
    if after and after != before:
        context.call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": tagging.as_pairs(after)})
    elif before and not after:
        context.call("s3", "delete_bucket_tagging", Bucket=name)


def _read(context: Context, name: str, _inputs: Inputs) -> Live | None:
    context.call("s3", "head_bucket", Bucket=name)
    where = context.call("s3", "get_bucket_location", Bucket=name).get("LocationConstraint") or "us-east-1"
    return {
        "bucket": name,
        "arn": f"arn:aws:s3:::{name}",
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{where}.amazonaws.com",
        "bucketRegion": where,
        "hostedZoneId": "Z3AQBSTGFYJSTF",
        "tags": _tags(context, name),
    }


def _tags(context: Context, name: str) -> dict[str, str]:
    try:
        return tagging.as_tags(context.call("s3", "get_bucket_tagging", Bucket=name)["TagSet"])
    except Refusal as refusal:
        if refusal.code == "NoSuchTagSet":
            return {}
        raise


def _delete(context: Context, name: str, state: State) -> None:
    if state.get("forceDestroy"):
        _empty(context, name)
    context.call("s3", "delete_bucket", Bucket=name)


def _empty(context: Context, name: str) -> None:
    """Delete every version and every delete marker."""
    for result in ("Versions", "DeleteMarkers"):
        found = list(context.pages("s3", "list_object_versions", result, Bucket=name))
        keys = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
        for start in range(0, len(keys), _DELETED_AT_ONCE):
            batch = {"Objects": keys[start : start + _DELETED_AT_ONCE], "Quiet": True}
            context.call("s3", "delete_objects", Bucket=name, Delete=batch)


BUCKET = Kind(
    type="aws:s3/bucket:Bucket",
    inputs=words("bucket forceDestroy objectLockEnabled tags"),
    computed=words("arn bucketDomainName bucketRegionalDomainName bucketRegion hostedZoneId tagsAll"),
    replaces=words("bucket objectLockEnabled"),
    name="bucket",
    create=_create,
    settle=_settle,
    read=_read,
    delete=_delete,
)

KINDS = (BUCKET,)
