"""Buckets that hold data keep earlier versions of it."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.controls._buckets import buckets
from tideform.controls._evidence import dig
from tideform.controls.base import Control, Evidence, Match
from tideform.model.planned import UNKNOWN

SETTING = "aws:s3/bucketVersioning:BucketVersioning"


class S3Versioning(Control):
    """Versioning is enabled on stores of kind dataset and models; scratch can be made again."""

    id = "s3-versioning"
    title = "Buckets that hold data are versioned"
    description = (
        "Looks at the versioning of every store that is not scratch. An overwritten or deleted object can be "
        "had back, and a model can be traced to the very bytes that it was trained on."
    )
    fix = "drop `versioning: false` from the store, or set it to true"
    source = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html"

    def check(self, plan: Evidence) -> Iterator[Match]:
        for bucket in buckets(plan):
            if bucket.store is None or not bucket.store.holds_data:
                continue
            status = dig(bucket.setting(SETTING), "versioningConfiguration", "status")
            if status is UNKNOWN:
                yield bucket.match("its versioning is only known after apply", undecided=True)
            elif status != "Enabled":
                yield bucket.match(
                    f"its versioning is {status or 'not set'}",
                    field="versioning" if bucket.store.versioning is not None else "",
                )


ENTRY = S3Versioning()
