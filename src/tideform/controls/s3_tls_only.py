"""Buckets refuse requests that do not come over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tideform.controls._buckets import buckets
from tideform.controls._evidence import dig, document
from tideform.controls.base import Control, Evidence, Match
from tideform.model.planned import UNKNOWN

SETTING = "aws:s3/bucketPolicy:BucketPolicy"


class S3TlsOnly(Control):
    """A bucket policy denies everything to everybody where ``aws:SecureTransport`` is false."""

    id = "s3-tls-only"
    title = "Buckets refuse requests without TLS"
    description = (
        "Looks for a statement in each bucket's policy that denies every S3 action to everybody, on the "
        "bucket and on its objects, when aws:SecureTransport is false. S3 answers plain HTTP otherwise."
    )
    fix = "add a Deny statement for s3:* with the condition Bool aws:SecureTransport false to the bucket policy"
    source = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html"

    def check(self, plan: Evidence) -> Iterator[Match]:
        for bucket in buckets(plan):
            policy = document(dig(bucket.setting(SETTING), "policy"))
            if policy is UNKNOWN:
                yield bucket.match("its policy is only known after apply", undecided=True)
            elif not any(_denies_plain_http(s) for s in _as_list(dig(policy, "Statement"))):
                yield bucket.match("no statement of its policy denies requests without TLS")


def _denies_plain_http(statement: Any) -> bool:
    condition = dig(statement, "Condition", "Bool", "aws:SecureTransport")
    return (
        dig(statement, "Effect") == "Deny"
        and dig(statement, "Principal") in ("*", {"AWS": "*"})
        and bool({"s3:*", "*"} & set(_as_list(dig(statement, "Action"))))
        and [str(c).lower() for c in _as_list(condition)] == ["false"]
        and _covers_bucket_and_objects(_as_list(dig(statement, "Resource")))
    )


def _covers_bucket_and_objects(arns: list[Any]) -> bool:
    objects = [arn for arn in arns if str(arn).endswith("/*")]
    return "*" in arns or (bool(objects) and len(objects) < len(arns))


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


ENTRY = S3TlsOnly()
