"""Buckets block public access in all four ways."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.controls._buckets import buckets
from tideform.controls._evidence import dig
from tideform.controls.base import Control, Evidence, Match
from tideform.model.planned import UNKNOWN

SETTING = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
_SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


class S3PublicAccess(Control):
    """All four switches of the public access block are on."""

    id = "s3-public-access"
    title = "Buckets block public access"
    description = (
        "Looks at each bucket's public access block. With all four switches on, no policy and no access "
        "list, written now or later, can open the bucket to the world."
    )
    fix = "turn on blockPublicAcls, blockPublicPolicy, ignorePublicAcls and restrictPublicBuckets"
    source = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"

    def check(self, plan: Evidence) -> Iterator[Match]:
        for bucket in buckets(plan):
            setting = bucket.setting(SETTING)
            values = {switch: dig(setting, switch) for switch in _SWITCHES}
            off = [switch for switch, value in values.items() if value is not UNKNOWN and value is not True]
            if setting is None:
                yield bucket.match("it has no public access block")
            elif off:
                yield bucket.match(f"its public access block leaves off {', '.join(off)}")
            elif UNKNOWN in values.values():
                yield bucket.match("its public access block is only known after apply", undecided=True)


ENTRY = S3PublicAccess()
