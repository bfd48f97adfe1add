"""DynamoDB tables."""

from __future__ import annotations

from typing import Any

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal

_TAGGER = tagging.Tagger("dynamodb", "ResourceArn")
_SETTINGS = words("billingMode readCapacity writeCapacity tableClass deletionProtectionEnabled")


def _create(context: Context, inputs: Inputs) -> str:
    context.call(
        "dynamodb",
        "create_table",
        TableName=inputs["name"],
        KeySchema=_key_schema(inputs),
        AttributeDefinitions=_attributes(inputs),
        Tags=tagging.as_pairs(inputs.get("tags")),
        **_throughput(inputs),
        **_options(inputs),
        **_indexes(inputs),
    )
    return str(inputs["name"])


def _key_schema(keys: Inputs) -> list[dict[str, str]]:
    pairs = (("hashKey", "HASH"), ("rangeKey", "RANGE"))
    return [{"AttributeName": keys[key], "KeyType": role} for key, role in pairs if keys.get(key)]


def _attributes(inputs: Inputs) -> list[dict[str, str]]:
    return [{"AttributeName": a["name"], "AttributeType": a["type"]} for a in inputs.get("attributes") or []]


def _throughput(inputs: Inputs) -> dict[str, Any]:
    if inputs.get("billingMode") == "PAY_PER_REQUEST":
        return {"BillingMode": "PAY_PER_REQUEST"}
    units = {"ReadCapacityUnits": inputs.get("readCapacity"), "WriteCapacityUnits": inputs.get("writeCapacity")}
    return {"BillingMode": "PROVISIONED", "ProvisionedThroughput": {k: int(v or 1) for k, v in units.items()}}


def _options(inputs: Inputs) -> dict[str, Any]:
    options: dict[str, Any] = {"DeletionProtectionEnabled": bool(inputs.get("deletionProtectionEnabled"))}
    if inputs.get("tableClass"):
        options["TableClass"] = inputs["tableClass"]
    if (inputs.get("serverSideEncryption") or {}).get("enabled"):
        options["SSESpecification"] = _encryption(inputs)
    if inputs.get("streamEnabled"):
        options["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": inputs["streamViewType"]}
    return options


def _encryption(inputs: Inputs) -> dict[str, Any]:
    wanted = inputs.get("serverSideEncryption") or {}
    if not wanted.get("enabled"):
        return {"Enabled": False}
    key = {"KMSMasterKeyId": wanted["kmsKeyArn"]} if wanted.get("kmsKeyArn") else {}
    return {"Enabled": True, "SSEType": "KMS", **key}


def _indexes(inputs: Inputs) -> dict[str, Any]:
    indexes = inputs.get("globalSecondaryIndexes") or []
    return {"GlobalSecondaryIndexes": [_index(each, inputs) for each in indexes]} if indexes else {}


def _index(index: Inputs, table: Inputs) -> dict[str, Any]:
    kept = {"NonKeyAttributes": index["nonKeyAttributes"]} if index.get("nonKeyAttributes") else {}
    units = _throughput({**index, "billingMode": table.get("billingMode")})
    units.pop("BillingMode")
    projection = {"ProjectionType": index["projectionType"], **kept}
    return {"IndexName": index["name"], "KeySchema": _key_schema(index), "Projection": projection, **units}


def _settle(context: Context, name: str, old: Inputs, new: Inputs) -> None:
    if old and (changed := {key for key in _SETTINGS | {"serverSideEncryption"} if old.get(key) != new.get(key)}):
        encryption = {"SSESpecification": _encryption(new)} if "serverSideEncryption" in changed else {}
        settings = {k: v for k, v in _options(new).items() if k in ("DeletionProtectionEnabled", "TableClass")}
        context.call("dynamodb", "update_table", TableName=name, **_throughput(new), **settings, **encryption)
    if _recovery(old) != _recovery(new):
        context.call(
            "dynamodb",
            "update_continuous_backups",
            TableName=name,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": _recovery(new)},
        )
    _settle_ttl(context, name, old.get("ttl") or {}, new.get("ttl") or {})
    if old:
        _TAGGER.settle(context, _describe(context, name)["TableArn"], old, new)


def _recovery(inputs: Inputs) -> bool:
    return bool((inputs.get("pointInTimeRecovery") or {}).get("enabled"))


def _settle_ttl(context: Context, name: str, old: Inputs, new: Inputs) -> None:
    """AWS wants the attribute's name also for switching it off, and refuses a change that changes nothing."""
    if bool(old.get("enabled")) != bool(new.get("enabled")):
        attribute = new.get("attributeName") or old.get("attributeName")
        setting = {"Enabled": bool(new.get("enabled")), "AttributeName": attribute}
        context.call("dynamodb", "update_time_to_live", TableName=name, TimeToLiveSpecification=setting)


def _describe(context: Context, name: str) -> dict[str, Any]:
    found: dict[str, Any] = context.call("dynamodb", "describe_table", TableName=name)["Table"]
    return found


def _read(context: Context, name: str, inputs: Inputs) -> Live | None:
    table = _describe(context, name)
    keys = {each["KeyType"]: each["AttributeName"] for each in table["KeySchema"]}
    billing = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    units = table.get("ProvisionedThroughput", {})
    arn = table["TableArn"]
    return {
        "name": name,
        "arn": arn,
        "billingMode": billing,
        "readCapacity": units.get("ReadCapacityUnits", 0) if billing == "PROVISIONED" else 0,
        "writeCapacity": units.get("WriteCapacityUnits", 0) if billing == "PROVISIONED" else 0,
        "hashKey": keys["HASH"],
        "rangeKey": keys.get("RANGE"),
        "attributes": [
            {"name": each["AttributeName"], "type": each["AttributeType"]} for each in table["AttributeDefinitions"]
        ],
        "deletionProtectionEnabled": bool(table.get("DeletionProtectionEnabled")),
        "streamEnabled": bool(table.get("StreamSpecification", {}).get("StreamEnabled")),
        "streamArn": table.get("LatestStreamArn", ""),
        "streamLabel": table.get("LatestStreamLabel", ""),
        "serverSideEncryption": _live_encryption(table, inputs),
        "pointInTimeRecovery": {"enabled": _live_recovery(context, name)},
        "ttl": _live_ttl(context, name),
        "tags": tagging.as_tags(context.call("dynamodb", "list_tags_of_resource", ResourceArn=arn)["Tags"]),
    }


def _live_encryption(table: dict[str, Any], inputs: Inputs) -> Live:
    found = table.get("SSEDescription", {})
    enabled = found.get("Status") in ("ENABLED", "ENABLING")
    asked_key = not inputs or (inputs.get("serverSideEncryption") or {}).get("kmsKeyArn")
    key = {"kmsKeyArn": found.get("KMSMasterKeyArn")} if enabled and asked_key else {}
    return {"enabled": enabled, **key}


def _live_recovery(context: Context, name: str) -> bool:
    found = context.call("dynamodb", "describe_continuous_backups", TableName=name)["ContinuousBackupsDescription"]
    return bool(found["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED")


def _live_ttl(context: Context, name: str) -> Live:
    found = context.call("dynamodb", "describe_time_to_live", TableName=name)["TimeToLiveDescription"]
    if found.get("TimeToLiveStatus") not in ("ENABLED", "ENABLING"):
        return {}
    return {"attributeName": found["AttributeName"], "enabled": True}


def _delete(context: Context, name: str, _state: State) -> None:
    """moto deletes a protected table; AWS does not."""
    if _describe(context, name).get("DeletionProtectionEnabled"):
        raise Refusal("ValidationException", f"table {name} is protected against deletion: switch that off first")
    context.call("dynamodb", "delete_table", TableName=name)


_TABLE = Kind(
    type="aws:dynamodb/table:Table",
    inputs=_SETTINGS
    | words("name hashKey rangeKey attributes tags ttl pointInTimeRecovery serverSideEncryption")
    | words("streamEnabled streamViewType globalSecondaryIndexes"),
    computed=words("arn readCapacity writeCapacity streamArn streamLabel tagsAll"),
    replaces=words("name hashKey rangeKey attributes globalSecondaryIndexes streamEnabled streamViewType"),
    defaults={"billingMode": "PROVISIONED"},
    name="name",
    create=_create,
    settle=_settle,
    read=_read,
    delete=_delete,
)

KINDS = (_TABLE,)
