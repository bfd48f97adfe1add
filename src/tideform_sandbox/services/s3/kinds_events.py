"""What a bucket tells of its objects: to EventBridge, or to nobody. Queues, topics and functions are not emulated here.

A bucket has one such document, and putting one replaces what is there; the sandbox refuses that for a new resource.
"""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal


def _create(context: Context, inputs: Inputs) -> str:
    if _told(context, inputs["bucket"]):
        raise Refusal("AlreadyExists", f"bucket {inputs['bucket']} has a notification configuration already")
    _put(context, inputs["bucket"], inputs)
    return str(inputs["bucket"])


def _told(context: Context, bucket: str) -> dict[str, Any]:
    found: dict[str, Any] = context.call("s3", "get_bucket_notification_configuration", Bucket=bucket)
    return {key: value for key, value in found.items() if key != "ResponseMetadata"}


def _put(context: Context, bucket: str, inputs: Inputs) -> None:
    wanted: dict[str, Any] = {"EventBridgeConfiguration": {}} if inputs.get("eventbridge") else {}
    context.call("s3", "put_bucket_notification_configuration", Bucket=bucket, NotificationConfiguration=wanted)


def _settle(context: Context, bucket: str, old: Inputs, new: Inputs) -> None:
    if old:
        _put(context, bucket, new)


def _read(context: Context, bucket: str, inputs: Inputs) -> Live | None:
    """A bucket that tells nobody has no such configuration, unless that is what was asked for."""
    on = "EventBridgeConfiguration" in _told(context, bucket)
    return {"bucket": bucket, "eventbridge": on} if on or not inputs.get("eventbridge", True) else None


def _delete(context: Context, bucket: str, _state: State) -> None:
    _put(context, bucket, {})


NOTIFICATION = Kind(
    type="aws:s3/bucketNotification:BucketNotification",
    inputs=words("bucket eventbridge"),
    replaces=words("bucket"),
    create=_create,
    settle=_settle,
    read=_read,
    delete=_delete,
)

KINDS = (NOTIFICATION,)
