"""The audit trail: who did what in the account, kept where nobody can quietly change it."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.iam.policies import Statement
from tideform.components.names import AUDIT
from tideform.components.scope import Scope
from tideform.components.storage.bucket import PrivateBucket
from tideform.components.storage.lifecycle import Lifecycle


class AuditTrail(Component):
    """A trail of all regions with digests of its files, and of each access to the objects of restricted stores."""

    def __init__(self, scope: Scope, *, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("audit", scope, opts)
        name = scope.name("audit", limit=128)
        self.logs = PrivateBucket(
            AUDIT,
            scope,
            key_arn=key_arn,
            versioned=True,
            holds_data=True,
            bucket_key=False,  # with one, S3 would call KMS for the bucket, not for the trail that the key is open to
            lifecycle=Lifecycle(),
            statements=tuple(trail_writes(scope, scope.deployment.unique_name(AUDIT), name)),
            opts=self.nameless,
        )
        self.trail = aws.cloudtrail.Trail(
            "audit",
            name=name,
            s3_bucket_name=self.logs.bucket.bucket,
            kms_key_id=key_arn,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            enable_logging=True,
            event_selectors=self._selectors(),
            tags=scope.tags(),
            opts=self.named(after=[self.logs.policy]),
        )

    def _selectors(self) -> list[aws.cloudtrail.TrailEventSelectorArgs]:
        """Management events always; S3 object events cost by the event, so of restricted stores only."""
        stores = self.scope.deployment.spec.storage
        objects = [
            self.scope.bucket_arn(self.scope.store_bucket(name)) + "/"
            for name, store in stores.items()
            if store.classification == "restricted"
        ]
        resource = aws.cloudtrail.TrailEventSelectorDataResourceArgs
        return [
            aws.cloudtrail.TrailEventSelectorArgs(
                read_write_type="All",
                include_management_events=True,
                data_resources=[resource(type="AWS::S3::Object", values=objects)] if objects else [],
            )
        ]


def trail_writes(scope: Scope, bucket: str, trail: str) -> list[Statement]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html"""
    service = {"Service": "cloudtrail.amazonaws.com"}
    source = {"aws:SourceArn": scope.arn("cloudtrail", f"trail/{trail}")}
    return [
        {
            "Sid": "TrailLooksAtBucket",
            "Effect": "Allow",
            "Principal": service,
            "Action": "s3:GetBucketAcl",
            "Resource": scope.bucket_arn(bucket),
            "Condition": {"StringEquals": source},
        },
        {
            "Sid": "TrailWritesLogs",
            "Effect": "Allow",
            "Principal": service,
            "Action": "s3:PutObject",
            "Resource": scope.bucket_arn(bucket, f"AWSLogs/{scope.account}/*"),
            "Condition": {"StringEquals": {**source, "s3:x-amz-acl": "bucket-owner-full-control"}},
        },
    ]
