"""Where endpoints put what they saw and answered."""

from __future__ import annotations

import pulumi

from tideform.components.names import CAPTURES
from tideform.components.scope import Scope
from tideform.components.storage.bucket import PrivateBucket
from tideform.components.storage.lifecycle import Lifecycle

_KEEP_DAYS = 90


class CaptureBucket(PrivateBucket):
    """One bucket for all endpoints, a folder each. It holds people's data, so it forgets after three months."""

    def __init__(self, scope: Scope, *, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            CAPTURES,
            scope,
            key_arn=key_arn,
            versioned=True,
            holds_data=True,
            lifecycle=Lifecycle(expire_days=_KEEP_DAYS, old_version_days=_KEEP_DAYS),
            extra_tags={"tideform:classification": "confidential"},
            opts=opts,
        )
