"""What passes between a burst and its jobs: code on the way in, checkpoints on the way out and in again."""

from __future__ import annotations

import pulumi

from tideform.components.names import BURSTS
from tideform.components.scope import Scope
from tideform.components.storage.bucket import PrivateBucket
from tideform.components.storage.lifecycle import Lifecycle

_KEEP_DAYS = 30


class BurstStore(PrivateBucket):
    """One bucket for all pools. It forgets after a month and goes with the environment, as scratch stores do."""

    def __init__(self, scope: Scope, *, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            BURSTS,
            scope,
            key_arn=key_arn,
            versioned=True,
            holds_data=False,
            lifecycle=Lifecycle(expire_days=_KEEP_DAYS, old_version_days=_KEEP_DAYS),
            extra_tags={"tideform:kind": "scratch", "tideform:classification": "internal"},
            opts=opts,
        )
