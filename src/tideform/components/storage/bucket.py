"""A bucket with everything that makes one safe: encryption, versions, life cycle, no public access, TLS only."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.iam.policies import Statement, document
from tideform.components.scope import Scope
from tideform.components.storage.lifecycle import Lifecycle


class PrivateBucket(Component):
    """One bucket and its companions.

    A bucket that ``holds_data`` is tagged so, and is never emptied by the engine: its deletion wants it named. Its
    settings are deleted with it and not before: a bucket whose deletion fails keeps all that protects it.
    ``statements`` are added to the bucket's policy. With a ``bucket_key`` S3 asks KMS once for many objects.
    """

    def __init__(
        self,
        part: str,
        scope: Scope,
        *,
        key_arn: pulumi.Input[str],
        versioned: bool,
        holds_data: bool,
        lifecycle: Lifecycle,
        bucket_key: bool = True,
        statements: tuple[Statement, ...] = (),
        extra_tags: dict[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(f"bucket-{part}", scope, opts)
        self.part = part
        self.name = scope.deployment.unique_name(part)
        data = {"tideform:data": "true"} if holds_data else {}
        self.bucket = aws.s3.Bucket(
            part,
            bucket=self.name,
            force_destroy=not holds_data,
            tags={**(extra_tags or {}), **scope.tags(), **data},
            opts=self.named(),
        )
        self._encrypt(key_arn, bucket_key)
        self.policy = self._policy(statements, after=self._close())
        self._lifecycle(lifecycle, self._versions(versioned))

    def _encrypt(self, key_arn: pulumi.Input[str], bucket_key: bool) -> None:
        default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="aws:kms", kms_master_key_id=key_arn
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            self.part,
            bucket=self.bucket.bucket,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=default,
                    bucket_key_enabled=bucket_key,  # a hundredth of the cost of KMS
                )
            ],
            opts=self.named(goes_with=self.bucket),
        )

    def _close(self) -> pulumi.Resource:
        owned = aws.s3.BucketOwnershipControls(
            self.part,
            bucket=self.bucket.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=self.named(goes_with=self.bucket),
        )
        return aws.s3.BucketPublicAccessBlock(
            self.part,
            bucket=self.bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.named(
                after=[owned], goes_with=self.bucket
            ),  # S3 refuses two such changes of one bucket at the same time
        )

    def _policy(self, statements: tuple[Statement, ...], after: pulumi.Resource) -> pulumi.Resource:
        return aws.s3.BucketPolicy(
            self.part,
            bucket=self.bucket.bucket,
            policy=document(*tls_only(self.scope, self.name), *statements),
            opts=self.named(after=[after], goes_with=self.bucket),
        )

    def _versions(self, versioned: bool) -> pulumi.Resource:
        status = "Enabled" if versioned else "Suspended"  # a bucket that was versioned cannot go back to Disabled
        return aws.s3.BucketVersioning(
            self.part,
            bucket=self.bucket.bucket,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status=status),
            opts=self.named(goes_with=self.bucket),
        )

    def _lifecycle(self, lifecycle: Lifecycle, versions: pulumi.Resource) -> None:
        aws.s3.BucketLifecycleConfiguration(
            self.part,
            bucket=self.bucket.bucket,
            rules=lifecycle.rules(),
            opts=self.named(after=[versions], goes_with=self.bucket),
        )


def tls_only(scope: Scope, bucket: str) -> list[Statement]:
    """Deny whatever comes without TLS, or with TLS older than 1.2."""
    everything = [scope.bucket_arn(bucket), scope.bucket_arn(bucket, "*")]
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everything}
    return [
        {**deny, "Sid": "DenyWithoutTls", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {**deny, "Sid": "DenyOldTls", "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}},
    ]
