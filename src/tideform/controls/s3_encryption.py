"""Buckets are encrypted under a KMS key of the project's own."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.controls._buckets import buckets
from tideform.controls._evidence import dig
from tideform.controls.base import Control, Evidence, Match
from tideform.model.planned import UNKNOWN

SETTING = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
_DEFAULT = ("rules", 0, "applyServerSideEncryptionByDefault")


class S3Encryption(Control):
    """Default encryption with SSE-KMS, and a key whose policy and rotation are in the project's hands."""

    id = "s3-encryption"
    title = "Buckets are encrypted under a customer-managed KMS key"
    description = (
        "Looks at each bucket's default encryption. SSE-S3 and the AWS managed key protect the disks, but "
        "access to the key can neither be withdrawn nor audited on its own."
    )
    fix = "give the bucket a default encryption of aws:kms with the key that foundation exports"
    source = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"

    def check(self, plan: Evidence) -> Iterator[Match]:
        for bucket in buckets(plan):
            setting = bucket.setting(SETTING)
            algorithm = dig(setting, *_DEFAULT, "sseAlgorithm")
            if algorithm is UNKNOWN:
                yield bucket.match("its encryption is only known after apply", undecided=True)
            elif algorithm not in ("aws:kms", "aws:kms:dsse"):
                yield bucket.match(f"its default encryption is {algorithm or 'not set'}")
            elif dig(setting, *_DEFAULT, "kmsMasterKeyId") is None:
                yield bucket.match("it is encrypted under the AWS managed key, not one of the project's own")


ENTRY = S3Encryption()
