"""S3: buckets, and the settings that are resources of their own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from tideform.resources.actions import Actions, actions
from tideform.resources.base import PartOf, ResourceType, Taken
from tideform.resources.costs import FREE, by_use
from tideform.resources.identity import named
from tideform.resources.inventory import Area, Leftover, Place, tags_of

if TYPE_CHECKING:
    from tideform.cloud import Cloud

_BUCKET = "aws:s3/bucket:Bucket"


def buckets(place: Place) -> Iterator[Leftover]:
    """S3 buckets of the account, in whatever region."""
    for found in place.pages("s3", "list_buckets", "Buckets"):
        name = found["Name"]
        bucket = Leftover("s3", "bucket", name, note="billed by what it holds")
        yield from place.claim(bucket, name, partial(_bucket_tags, place, name))


def _bucket_tags(place: Place, name: str) -> dict[str, str]:
    """Empty where it has gone since it was listed."""
    try:
        return bucket_tags(place.cloud, name)
    except place.cloud.client("s3").exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            return {}
        raise


def bucket_tags(cloud: Cloud, name: str) -> dict[str, str]:
    """A bucket without tags is an error in this API."""
    s3 = cloud.client("s3")
    try:
        return tags_of(s3.get_bucket_tagging(Bucket=name), "TagSet")
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchTagSet":
            return {}
        raise


def _setting(token: str, terraform: str, needed: Actions) -> ResourceType:
    return ResourceType(
        f"aws:s3/{token}",
        terraform=terraform,
        identify=named("bucket"),
        cost=FREE,
        inventory=PartOf(_BUCKET),
        actions=needed,
    )


def _put(noun: str, *, delete: str = "") -> Actions:
    """Most settings are written, and reset, by one action: ``s3:Put...``."""
    return actions("s3", create=f"Put{noun}", read=f"Get{noun}", update=f"Put{noun}", delete=delete or f"Put{noun}")


TYPES = (
    ResourceType(
        _BUCKET,
        terraform="aws_s3_bucket",
        identify=named("bucket"),
        cost=by_use("storage and requests"),
        inventory=Area("S3 buckets", buckets),
        actions=actions(
            "s3",
            create="CreateBucket",
            read="ListBucket GetBucketLocation GetBucketTagging GetAccelerateConfiguration GetBucketAcl GetBucketCORS "
            "GetBucketLogging GetBucketObjectLockConfiguration GetBucketPolicy GetBucketRequestPayment "
            "GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration GetLifecycleConfiguration "
            "GetReplicationConfiguration",
            delete="DeleteBucket ListBucketVersions DeleteObject DeleteObjectVersion",  # what was named is emptied
            tag="PutBucketTagging",
            search="ListAllMyBuckets",
        ),
        taken=Taken("bucket", bucket_tags),
    ),
    _setting("bucketVersioning:BucketVersioning", "aws_s3_bucket_versioning", _put("BucketVersioning")),
    _setting(
        "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws_s3_bucket_server_side_encryption_configuration",
        _put("EncryptionConfiguration"),
    ),
    _setting(
        "bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws_s3_bucket_public_access_block",
        _put("BucketPublicAccessBlock"),
    ),
    _setting(
        "bucketOwnershipControls:BucketOwnershipControls",
        "aws_s3_bucket_ownership_controls",
        _put("BucketOwnershipControls"),
    ),
    _setting(
        "bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws_s3_bucket_lifecycle_configuration",
        _put("LifecycleConfiguration"),
    ),
    _setting("bucketPolicy:BucketPolicy", "aws_s3_bucket_policy", _put("BucketPolicy", delete="DeleteBucketPolicy")),
    _setting("bucketNotification:BucketNotification", "aws_s3_bucket_notification", _put("BucketNotification")),
)
