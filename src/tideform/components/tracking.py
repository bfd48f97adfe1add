"""The managed MLflow server, where experiments are recorded."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.iam.grants import read_write, use_key
from tideform.components.iam.policies import plain_trust
from tideform.components.iam.roles import ServiceRole
from tideform.components.names import TRACKING
from tideform.components.scope import Scope
from tideform.components.storage.bucket import PrivateBucket
from tideform.components.storage.lifecycle import Lifecycle
from tideform.spec.tracking import Tracking


class TrackingServer(Component):
    """The server, the bucket of its artifacts, and a role that reaches just that bucket."""

    def __init__(
        self,
        tracking: Tracking,
        scope: Scope,
        *,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("tracking", scope, opts)
        self.artifacts = PrivateBucket(
            TRACKING,
            scope,
            key_arn=key_arn,
            versioned=True,
            holds_data=True,
            lifecycle=Lifecycle(),
            opts=self.nameless,
        )
        role = ServiceRole(
            "tracking",
            scope,
            trust=plain_trust("sagemaker.amazonaws.com"),
            description="Lets the MLflow server keep artifacts",
            statements=[*read_write(scope, [self.artifacts.name]), use_key(scope)],
            opts=self.nameless,
        )
        self.server = aws.sagemaker.MlflowTrackingServer(
            "tracking",
            tracking_server_name=scope.name("tracking", limit=256),
            artifact_store_uri=self.artifacts.bucket.bucket.apply(lambda bucket: f"s3://{bucket}"),
            role_arn=role.arn,
            tracking_server_size=tracking.size.capitalize(),
            tags=scope.tags(),
            opts=self.named(after=role.policies),
        )
