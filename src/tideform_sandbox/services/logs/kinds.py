"""CloudWatch log groups."""

from __future__ import annotations

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words

_TAGGER = tagging.Tagger("logs", "resourceArn", tags="tags", keys="tagKeys", as_map=True)
_NAMES = {"name": "logGroupName"}


def _create(context: Context, inputs: Inputs) -> str:
    asked = {key: inputs[key] for key in ("name", "kmsKeyId", "logGroupClass", "tags") if inputs.get(key)}
    context.send("logs", "create_log_group", asked, _NAMES)
    return str(inputs["name"])


def _settle(context: Context, name: str, old: Inputs, new: Inputs) -> None:
    group = {"logGroupName": name}
    if new.get("retentionInDays"):
        context.call("logs", "put_retention_policy", **group, retentionInDays=int(new["retentionInDays"]))
    elif old.get("retentionInDays"):
        context.call("logs", "delete_retention_policy", **group)
    if old and old.get("kmsKeyId") != new.get("kmsKeyId"):
        _rekey(context, name, new)
    _TAGGER.settle(context, _arn(context, name), old, new)


def _rekey(context: Context, name: str, new: Inputs) -> None:
    if new.get("kmsKeyId"):
        context.call("logs", "associate_kms_key", logGroupName=name, kmsKeyId=new["kmsKeyId"])
    else:
        context.call("logs", "disassociate_kms_key", logGroupName=name)


def _arn(context: Context, name: str) -> str:
    return f"arn:aws:logs:{context.region}:{context.account}:log-group:{name}"


def _read(context: Context, name: str, _inputs: Inputs) -> Live | None:
    groups = context.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    group = next((each for each in groups if each["logGroupName"] == name), None)
    if group is None:
        return None
    tags = context.call("logs", "list_tags_for_resource", resourceArn=_arn(context, name))["tags"]
    return {
        "arn": _arn(context, name),
        "name": name,
        "retentionInDays": group.get("retentionInDays", 0),
        "kmsKeyId": group.get("kmsKeyId"),
        "tags": tags,
    }


def _delete(context: Context, name: str, state: State) -> None:
    if not state.get("skipDestroy"):
        context.call("logs", "delete_log_group", logGroupName=name)


_LOG_GROUP = Kind(
    type="aws:cloudwatch/logGroup:LogGroup",
    inputs=words("name kmsKeyId retentionInDays logGroupClass skipDestroy tags"),
    stored_only=words("deletionProtectionEnabled"),
    computed=words("arn tagsAll"),
    replaces=words("name logGroupClass"),
    defaults={"retentionInDays": 0, "logGroupClass": "STANDARD"},
    name="name",
    create=_create,
    settle=_settle,
    read=_read,
    delete=_delete,
)

KINDS = (_LOG_GROUP,)
