"""S3: that a bucket sends its events to EventBridge.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html
"""

from __future__ import annotations

import re
from typing import Any

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


def _with_element(body: str) -> str:
    """moto's answer, empty or not, with our element as the last of its root."""
    opened = re.sub(rf"<{_ROOT}([^>]*)/>", rf"<{_ROOT}\1></{_ROOT}>", body)
    return opened.replace(f"</{_ROOT}>", f"{_ELEMENT}</{_ROOT}>")
