"""Data has a second copy in another place."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.controls._buckets import buckets
from tideform.controls.base import Control, Evidence, Match
from tideform.diagnostics import Severity

SETTING = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"


class S3Replication(Control):
    """Every store that is not public has a replication rule, or somebody signed that it needs none.

    A warning: whether a copy elsewhere is due depends on how fast the data has to be back, which only
    people know.
    """

    id = "s3-replication"
    title = "Buckets are replicated, or somebody signed that they need not be"
    description = (
        "Looks for a replication configuration on every store whose classification is not public. It is a "
        "warning: backups of another kind, or data that can be rebuilt, are good answers too, and belong "
        "into a waiver."
    )
    fix = "replicate the bucket, or sign a waiver under compliance.waivers that says why it need not be"
    source = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html"
    severity = Severity.WARNING

    def check(self, plan: Evidence) -> Iterator[Match]:
        for bucket in buckets(plan):
            if bucket.store is None or bucket.store.classification == "public":
                continue
            if bucket.setting(SETTING) is None:
                yield bucket.match(f"it holds {bucket.store.classification} data and has no copy elsewhere")


ENTRY = S3Replication()
