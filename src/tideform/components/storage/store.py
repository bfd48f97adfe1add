"""The buckets of the spec's stores, of what endpoints saw, and of what passes between bursts and their jobs."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tideform.components.names import BURSTS, CAPTURES
from tideform.components.scope import Scope
from tideform.components.storage.bucket import PrivateBucket
from tideform.components.storage.lifecycle import Lifecycle
from tideform.spec.storage import Store

_CAPTURES_DAYS, _BURSTS_DAYS = 90, 30


class StoreBucket(PrivateBucket):
    """What the store's kind, retention and classification mean for its bucket; a ``watched`` one tells EventBridge."""

    def __init__(
        self,
        name: str,
        store: Store,
        scope: Scope,
        *,
        key_arn: pulumi.Input[str],
        watched: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            scope.deployment.identity("storage", name),
            scope,
            key_arn=key_arn,
            versioned=store.versioned,
            holds_data=store.holds_data,
            lifecycle=Lifecycle.of(store),
            extra_tags=labels(store),
            opts=opts,
        )
        if watched:
            with_it = self.named(goes_with=self.bucket)
            aws.s3.BucketNotification(self.part, bucket=self.bucket.bucket, eventbridge=True, opts=with_it)


def labels(store: Store) -> dict[str, str]:
    """What the spec says about the data, where auditors and cost reports look for it."""
    tags: dict[str, str] = {"tideform:kind": store.kind, "tideform:classification": store.classification}
    return {**tags, "tideform:remote": store.remote} if store.remote else tags


class CaptureBucket(PrivateBucket):
    """One bucket for all endpoints, a folder each. It holds people's data, so it forgets after three months."""

    def __init__(self, scope: Scope, *, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            CAPTURES,
            scope,
            key_arn=key_arn,
            versioned=True,
            holds_data=True,
            lifecycle=Lifecycle(expire_days=_CAPTURES_DAYS, old_version_days=_CAPTURES_DAYS),
            extra_tags={"tideform:classification": "confidential"},
            opts=opts,
        )


class BurstStore(PrivateBucket):
    """One bucket for all pools. It forgets after a month and goes with the environment, as scratch stores do."""

    def __init__(self, scope: Scope, *, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            BURSTS,
            scope,
            key_arn=key_arn,
            versioned=True,
            holds_data=False,
            lifecycle=Lifecycle(expire_days=_BURSTS_DAYS, old_version_days=_BURSTS_DAYS),
            extra_tags={"tideform:kind": "scratch", "tideform:classification": "internal"},
            opts=opts,
        )
