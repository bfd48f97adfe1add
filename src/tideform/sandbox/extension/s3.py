"""S3: that a bucket sends its events to EventBridge, and that a policy's conditions are not taken for met.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

from tideform.sandbox.extension.request import put

_ROOT = "NotificationConfiguration"
_ELEMENT = "<EventBridgeConfiguration></EventBridgeConfiguration>"


def install() -> None:
    """Extend moto's S3."""
    original = S3Response.get_bucket_notification

    def get_bucket_notification(self: Any) -> Any:
        answered = original(self)
        found = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if not found or found.event_bridge is None:
            return answered
        status, headers, body = answered
        return status, headers, _with_element(body if isinstance(body, str) else body.decode())

    put(S3Response, "get_bucket_notification", get_bucket_notification)
    put(FakeBucket, "get_permission", _permission)


def _permission(self: Any, action: str, resource: str) -> PermissionResult:
    """The bucket policy's word. moto cannot judge conditions and would take "deny, unless over TLS" for "deny".

    So a statement with a condition is kept, answered to whoever reads the policy, and not acted on.
    """
    if self.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(self.policy.decode())
    plain = [statement for statement in policy["Statement"] if "Condition" not in statement]
    return IAMPolicy(json.dumps({**policy, "Statement": plain})).is_action_permitted(action, resource)


def _with_element(body: str) -> str:
    """moto's answer, empty or not, with our element as the last of its root."""
    opened = re.sub(rf"<{_ROOT}([^>]*)/>", rf"<{_ROOT}\1></{_ROOT}>", body)
    return opened.replace(f"</{_ROOT}>", f"{_ELEMENT}</{_ROOT}>")
