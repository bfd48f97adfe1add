"""S3: tags of a new bucket, its events to EventBridge, and policies whose conditions are not taken for met.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html
"""

from __future__ import annotations

import json
import re
import threading
from typing import Any

import xmltodict  # type: ignore[import-untyped]  # comes with moto
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket, s3_backends
from moto.s3.responses import S3Response

from tideform_sandbox.extension.nouns import Store
from tideform_sandbox.extension.request import put

_ROOT = "NotificationConfiguration"
_ELEMENT = "<EventBridgeConfiguration></EventBridgeConfiguration>"
_creating = threading.Lock()


def install(_: Store) -> None:
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
    put(S3Response, "_bucket_response_put", _with_first_tags(S3Response._bucket_response_put))
    put(FakeBucket, "get_permission", _permission)


def _with_first_tags(original: Any) -> Any:
    """moto drops the tags of a CreateBucket request. They are set before the bucket is there for anybody to see."""

    def bucket_response_put(self: Any, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
        tags = [] if querystring else _first_tags(self.body)
        if not tags:
            return original(self, request, bucket_name, querystring)
        arn = f"arn:{self.partition}:s3:::{bucket_name}"
        with _creating:
            if bucket_name in s3_backends.bucket_accounts:  # refused, or answered as if nothing had been asked
                return original(self, request, bucket_name, querystring)
            self.backend.tagger.tag_resource(arn, tags)
            try:
                return original(self, request, bucket_name, querystring)
            finally:
                if bucket_name not in s3_backends.bucket_accounts:
                    self.backend.tagger.delete_all_tags_for_resource(arn)

    return bucket_response_put


def _first_tags(body: bytes | str) -> list[dict[str, str]]:
    """The tags in the body of a CreateBucket request."""
    if b"<Tags>" not in (body.encode() if isinstance(body, str) else body):
        return []
    found = xmltodict.parse(body, force_list=("Tag",)).get("CreateBucketConfiguration") or {}
    tags = (found.get("Tags") or {}).get("Tag") or []
    return [{"Key": each["Key"], "Value": each.get("Value") or ""} for each in tags]


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
