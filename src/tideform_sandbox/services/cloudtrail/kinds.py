"""CloudTrail trails."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.aws.shapes import from_api

_ASKED = words(
    "name s3BucketName s3KeyPrefix snsTopicName includeGlobalServiceEvents isMultiRegionTrail "
    "enableLogFileValidation cloudWatchLogsGroupArn cloudWatchLogsRoleArn kmsKeyId isOrganizationTrail"
)
_NAMES = {
    "cloudWatchLogsGroupArn": "CloudWatchLogsLogGroupArn",
    "dataResources": "DataResources",
    "fieldSelectors": "FieldSelectors",
}
_TOLD = {**_NAMES, "enableLogFileValidation": "LogFileValidationEnabled"}
_SELECTORS = ("eventSelectors", "advancedEventSelectors")


def _create(context: Context, inputs: Inputs) -> str:
    asked = {key: inputs[key] for key in _ASKED if inputs.get(key) not in (None, "")}
    asked.setdefault("includeGlobalServiceEvents", True)
    tags = tagging.as_pairs(inputs.get("tags"))
    made = context.send("cloudtrail", "create_trail", asked, _NAMES, TagsList=tags)
    return str(made["TrailARN"])


def _settle(context: Context, arn: str, old: Inputs, new: Inputs) -> None:
    """A new trail does not log until it is told to."""
    if old and any(old.get(key) != new.get(key) for key in _ASKED):
        asked = {key: new[key] for key in _ASKED if key in new}
        context.send("cloudtrail", "update_trail", {**asked, "name": arn}, _NAMES)
    wanted = bool(new.get("enableLogging", True))
    if wanted != bool(old.get("enableLogging", True) if old else False):
        context.call("cloudtrail", "start_logging" if wanted else "stop_logging", Name=arn)
    _settle_selectors(context, arn, old, new)
    _retag(context, arn, old, new)


def _settle_selectors(context: Context, arn: str, old: Inputs, new: Inputs) -> None:
    if any(old.get(key) != new.get(key) for key in _SELECTORS):
        asked = {key: new[key] for key in _SELECTORS if new.get(key)}
        asked = asked or {"eventSelectors": [{"readWriteType": "All", "includeManagementEvents": True}]}
        context.send("cloudtrail", "put_event_selectors", asked, _NAMES, TrailName=arn)
    if old.get("insightSelectors") != new.get("insightSelectors"):
        asked = {"insightSelectors": new.get("insightSelectors") or []}
        context.send("cloudtrail", "put_insight_selectors", asked, TrailName=arn)


def _retag(context: Context, arn: str, old: Inputs, new: Inputs) -> None:
    removed, added = tagging.changed(old, new) if old else ([], {})
    if removed:
        pairs = [{"Key": key} for key in removed]
        context.call("cloudtrail", "remove_tags", ResourceId=arn, TagsList=pairs)
    if added:
        context.call("cloudtrail", "add_tags", ResourceId=arn, TagsList=tagging.as_pairs(added))


def _read(context: Context, arn: str, inputs: Inputs) -> Live | None:
    trail = context.call("cloudtrail", "get_trail", Name=arn)["Trail"]
    told = from_api(trail, _TOLD, inputs)
    listed = context.call("cloudtrail", "list_tags", ResourceIdList=[arn])["ResourceTagList"]
    return {
        **{key: told.get(key) for key in _ASKED},
        "arn": arn,
        "homeRegion": trail.get("HomeRegion", context.region),
        "snsTopicArn": trail.get("SnsTopicARN", ""),
        "enableLogging": bool(context.call("cloudtrail", "get_trail_status", Name=arn)["IsLogging"]),
        "tags": tagging.as_tags(listed[0]["TagsList"] if listed else []),
        **_live_selectors(context, arn, inputs),
    }


def _live_selectors(context: Context, arn: str, inputs: Inputs) -> Live:
    """Only what was asked for: AWS answers with a default selector where there is none."""
    live: Live = {}
    if any(inputs.get(key) for key in _SELECTORS):
        found = context.call("cloudtrail", "get_event_selectors", TrailName=arn)
        told: dict[str, Any] = from_api(found, _NAMES, inputs)
        live |= {key: told.get(key) or [] for key in _SELECTORS if inputs.get(key)}
    if inputs.get("insightSelectors"):
        live["insightSelectors"] = _insights(context, arn)
    return live


def _insights(context: Context, arn: str) -> list[Any]:
    try:
        found = context.call("cloudtrail", "get_insight_selectors", TrailName=arn)
    except Refusal as refusal:
        if refusal.code == "InsightNotEnabledException":
            return []
        raise
    return list(from_api(found.get("InsightSelectors", [])))


def _delete(context: Context, arn: str, _state: State) -> None:
    context.call("cloudtrail", "delete_trail", Name=arn.rpartition("/")[2])  # moto deletes none by ARN


_TRAIL = Kind(
    type="aws:cloudtrail/trail:Trail",
    inputs=_ASKED | words("enableLogging eventSelectors advancedEventSelectors insightSelectors tags"),
    computed=words("arn homeRegion snsTopicArn tagsAll"),
    replaces=words("name"),
    defaults={"enableLogging": True, "includeGlobalServiceEvents": True},
    name="name",
    create=_create,
    settle=_settle,
    read=_read,
    delete=_delete,
)

KINDS = (_TRAIL,)
