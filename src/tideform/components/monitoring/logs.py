"""Log groups: encrypted with the project's key, and never kept for ever."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.scope import Scope
from tideform.pools.log_groups import KEEP_DAYS, lasting_log_groups
from tideform.registry.training import PoolOrder


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


def own_log_group(
    order: PoolOrder, part: str, name: str, opts: pulumi.ResourceOptions
) -> list[aws.cloudwatch.LogGroup]:
    """A pool's own log group; none where it would go with the pool's definitions: then foundation has it."""
    if order.pool.between_bursts == "remove":
        return []
    return [log_group(part, name, order.scope, order.site.key_arn, opts)]


class JobLogs(Component):
    """A log group for each such pool, tagged as the pool's."""

    def __init__(self, scope: Scope, *, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
        super().__init__("job-logs", scope, opts)
        for unit, name in lasting_log_groups(scope.deployment).items():
            of_pool = Scope(scope.deployment, scope.layer, unit)
            log_group(f"{unit}-jobs", name, of_pool, key_arn, self.named())
