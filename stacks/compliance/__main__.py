"""Compliance: the record of who did what.

foundation's key ── audit bucket ── trail ── restricted stores' objects
"""

import pulumi

from tideform.components.monitoring.audit_trail import AuditTrail
from tideform.components.program import deployment, provider, upstream
from tideform.components.scope import Scope

target = deployment()
scope = Scope(target, "compliance")
opts = pulumi.ResourceOptions(provider=provider(target))

audit = AuditTrail(scope, key_arn=upstream("foundation")["kms_key_arn"], opts=opts)

pulumi.export("audit_bucket", audit.logs.bucket.bucket)
pulumi.export("trail_arn", audit.trail.arn)
