"""The table of leases: who holds which pool, until when, for how much."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.scope import Scope


class LeaseTable(Component):
    """One item a pool and one a lease, told apart by the key ``pk``.

    Nothing expires by itself (no TTL): a lease that is forgotten is exactly what has to be found.
    """

    def __init__(self, scope: Scope, *, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leases", scope, opts)
        self.table = aws.dynamodb.Table(
            "leases",
            name=scope.name("leases", limit=255),
            billing_mode="PAY_PER_REQUEST",
            hash_key="pk",
            attributes=[aws.dynamodb.TableAttributeArgs(name="pk", type="S")],
            server_side_encryption=aws.dynamodb.TableServerSideEncryptionArgs(enabled=True, kms_key_arn=key_arn),
            point_in_time_recovery=aws.dynamodb.TablePointInTimeRecoveryArgs(enabled=True),
            tags=scope.tags(),
            opts=self.named(),
        )
