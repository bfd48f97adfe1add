"""When S3 deletes what a bucket holds, as rules for its life cycle."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws

from tideform.spec.storage import Store

_ABANDONED_UPLOAD_DAYS = 7


@dataclass(frozen=True)
class Lifecycle:
    """Days after which objects go, and old versions go; None: never.

    An old version's days count from when it was replaced, so it is at least that old when it goes.
    """

    expire_days: int | None = None
    old_version_days: int | None = None

    @classmethod
    def of(cls, store: Store) -> Lifecycle:
        """What a store asks for. ``retention`` wins over ``expire_after``: nothing goes before it is over."""
        retention = store.retention.days if store.retention else None
        expire = max(store.expire_after.days, retention or 0) if store.expire_after else None
        return cls(expire, (retention or expire) if store.versioned else None)

    def rules(self) -> list[aws.s3.BucketLifecycleConfigurationRuleArgs]:
        """The life cycle's rules; uploads that were never finished always go."""
        s3 = aws.s3
        rules = [
            _rule(
                "abandoned-uploads",
                abort_incomplete_multipart_upload=s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                    days_after_initiation=_ABANDONED_UPLOAD_DAYS
                ),
            )
        ]
        if self.expire_days is not None:
            expiration = s3.BucketLifecycleConfigurationRuleExpirationArgs(days=self.expire_days)
            rules.append(_rule("expire", expiration=expiration))
        if self.old_version_days is not None:
            old = s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=self.old_version_days
            )
            rules.append(_rule("old-versions", noncurrent_version_expiration=old))
        return rules


def _rule(name: str, **action: object) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id=name,
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(),  # empty: every object
        **action,  # type: ignore[arg-type]  # one of the actions above
    )
