"""Log groups: encrypted with the project's key, and never kept for ever."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tideform.components.scope import Scope

KEEP_DAYS = 90


def log_group(
    part: str,
    name: str,
    scope: Scope,
    key_arn: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> aws.cloudwatch.LogGroup:
    """A log group of ours; the key's policy covers names under `Scope.log_prefix`."""
    return aws.cloudwatch.LogGroup(
        part, name=name, kms_key_id=key_arn, retention_in_days=KEEP_DAYS, tags=scope.tags(), opts=opts
    )
