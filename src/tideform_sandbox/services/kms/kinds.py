"""Keys and their aliases."""

from __future__ import annotations

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words

_ASKED = words("description keyUsage customerMasterKeySpec multiRegion policy tags bypassPolicyLockoutSafetyCheck")
_NAMES = {"customerMasterKeySpec": "KeySpec"}
_TAG = {"key": "TagKey", "value": "TagValue"}


def _create_key(context: Context, inputs: Inputs) -> str:
    asked = {key: inputs[key] for key in _ASKED if inputs.get(key) and key != "tags"}
    tags = tagging.as_pairs(inputs.get("tags"), **_TAG)
    return str(context.send("kms", "create_key", asked, _NAMES, Tags=tags)["KeyMetadata"]["KeyId"])


def _settle_key(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    if old:
        _settle_document(context, identity, old, new)
    if bool(new.get("enableKeyRotation")) != bool(old.get("enableKeyRotation")) or _period(new) != _period(old):
        _rotate(context, identity, new)
    enabled = new.get("isEnabled", True)
    if enabled != old.get("isEnabled", True):
        context.call("kms", "enable_key" if enabled else "disable_key", KeyId=identity)
    removed, added = tagging.changed(old, new) if old else ([], {})
    if removed:
        context.call("kms", "untag_resource", KeyId=identity, TagKeys=removed)
    if added:
        context.call("kms", "tag_resource", KeyId=identity, Tags=tagging.as_pairs(added, **_TAG))


def _settle_document(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    if new.get("description") != old.get("description"):
        context.call("kms", "update_key_description", KeyId=identity, Description=new.get("description", ""))
    if new.get("policy") and new["policy"] != old.get("policy"):
        context.call("kms", "put_key_policy", KeyId=identity, PolicyName="default", Policy=new["policy"])


def _period(inputs: Inputs) -> int:
    return int(inputs.get("rotationPeriodInDays") or 365)


def _rotate(context: Context, identity: str, new: Inputs) -> None:
    if new.get("enableKeyRotation"):
        period = {"RotationPeriodInDays": _period(new)} if "rotationPeriodInDays" in new else {}
        context.call("kms", "enable_key_rotation", KeyId=identity, **period)
    else:
        context.call("kms", "disable_key_rotation", KeyId=identity)


def _read_key(context: Context, identity: str, inputs: Inputs) -> Live | None:
    key = context.call("kms", "describe_key", KeyId=identity)["KeyMetadata"]
    if key["KeyState"] == "PendingDeletion":
        return None
    tags = context.call("kms", "list_resource_tags", KeyId=identity)["Tags"]
    return {
        "arn": key["Arn"],
        "keyId": key["KeyId"],
        "description": key.get("Description", ""),
        "keyUsage": key.get("KeyUsage", "ENCRYPT_DECRYPT"),
        "customerMasterKeySpec": key.get("KeySpec") or key.get("CustomerMasterKeySpec"),
        "multiRegion": bool(key.get("MultiRegion")),
        "isEnabled": bool(key["Enabled"]),
        "policy": context.call("kms", "get_key_policy", KeyId=identity, PolicyName="default")["Policy"],
        "tags": tagging.as_tags(tags, **_TAG),
        **_rotation(context, identity, inputs),
    }


def _rotation(context: Context, identity: str, inputs: Inputs) -> Live:
    status = context.call("kms", "get_key_rotation_status", KeyId=identity)
    asked = "rotationPeriodInDays" in inputs
    period = {"rotationPeriodInDays": status.get("RotationPeriodInDays")} if asked else {}
    return {"enableKeyRotation": bool(status["KeyRotationEnabled"]), **period}


def _delete_key(context: Context, identity: str, state: State) -> None:
    """A key is never deleted at once: it waits its window, in which nobody can use it."""
    window = int(state.get("deletionWindowInDays") or 30)
    context.call("kms", "schedule_key_deletion", KeyId=identity, PendingWindowInDays=window)


_KEY = Kind(
    type="aws:kms/key:Key",
    inputs=_ASKED | words("enableKeyRotation isEnabled deletionWindowInDays rotationPeriodInDays"),
    computed=words("arn keyId policy tagsAll"),
    replaces=words("customerMasterKeySpec keyUsage multiRegion"),
    defaults={
        "isEnabled": True,
        "keyUsage": "ENCRYPT_DECRYPT",
        "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
    },
    create=_create_key,
    settle=_settle_key,
    read=_read_key,
    delete=_delete_key,
)


def _create_alias(context: Context, inputs: Inputs) -> str:
    context.call("kms", "create_alias", AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
    return str(inputs["name"])


def _settle_alias(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    if old and old.get("targetKeyId") != new["targetKeyId"]:
        context.call("kms", "update_alias", AliasName=identity, TargetKeyId=new["targetKeyId"])


def _read_alias(context: Context, identity: str, inputs: Inputs) -> Live | None:
    found = (each for each in context.pages("kms", "list_aliases", "Aliases") if each["AliasName"] == identity)
    alias = next(found, None)
    if alias is None or "TargetKeyId" not in alias:
        return None
    key_arn = f"arn:aws:kms:{context.region}:{context.account}:key/{alias['TargetKeyId']}"
    asked = inputs.get("targetKeyId")  # an id or an ARN, whichever was asked for
    target = key_arn if str(asked).startswith("arn:") else alias["TargetKeyId"]
    return {"name": identity, "arn": alias["AliasArn"], "targetKeyArn": key_arn, "targetKeyId": target}


def _delete_alias(context: Context, identity: str, _state: State) -> None:
    context.call("kms", "delete_alias", AliasName=identity)


_ALIAS = Kind(
    type="aws:kms/alias:Alias",
    inputs=words("name targetKeyId"),
    computed=words("arn targetKeyArn"),
    volatile=words("targetKeyArn"),
    replaces=words("name"),
    name="name",
    create=_create_alias,
    settle=_settle_alias,
    read=_read_alias,
    delete=_delete_alias,
)

KINDS = (_KEY, _ALIAS)
