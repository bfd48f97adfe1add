"""Lambda functions out of an archive of texts."""

from __future__ import annotations

import io
import zipfile
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from tideform_sandbox.providers.aws import tagging
from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal

_TAGGER = tagging.Tagger("lambda", "Resource", as_map=True)
_MEMBERS = {
    "role": "Role",
    "handler": "Handler",
    "description": "Description",
    "timeout": "Timeout",
    "memorySize": "MemorySize",
    "runtime": "Runtime",
    "kmsKeyArn": "KMSKeyArn",
}
_THEN = (1990, 1, 1, 0, 0, 0)  # the time that Pulumi gives every member


def zipped(code: Mapping[str, Any]) -> bytes:
    """The archive's texts as a zip, the same bytes for the same texts. Raises `Refusal` for anything but texts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, asset in sorted((code.get("assets") or {}).items()):
            if "text" not in asset:
                raise Refusal("TD503", f"the sandbox makes functions of texts alone, and {name} is none")
            member = zipfile.ZipInfo(name, _THEN)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, asset["text"])
    return buffer.getvalue()


def _create(context: Context, inputs: Inputs) -> str:
    tags = {"Tags": inputs["tags"]} if inputs.get("tags") else {}
    context.call(
        "lambda",
        "create_function",
        FunctionName=inputs["name"],
        Code={"ZipFile": zipped(inputs["code"])},
        PackageType="Zip",
        Architectures=inputs.get("architectures") or ["x86_64"],
        **_configuration(inputs),
        **tags,
    )
    return str(inputs["name"])


def _configuration(inputs: Inputs) -> dict[str, Any]:
    asked = {member: inputs[key] for key, member in _MEMBERS.items() if inputs.get(key) is not None}
    return {**asked, "Environment": {"Variables": (inputs.get("environment") or {}).get("variables") or {}}}


def _settle(context: Context, name: str, old: Inputs, new: Inputs) -> None:
    at = {"FunctionName": name}
    if old and _configuration(old) != _configuration(new):
        context.call("lambda", "update_function_configuration", **at, **_configuration(new))
    if old and _code(old) != _code(new):
        context.call("lambda", "update_function_code", **at, ZipFile=zipped(new["code"]))
    reserved = new.get("reservedConcurrentExecutions", -1)
    if reserved != (old or {}).get("reservedConcurrentExecutions", -1):
        _reserve(context, at, int(reserved))
    _TAGGER.settle(context, _arn(context, name), old, new)


def _code(inputs: Inputs) -> bytes:
    return zipped(inputs["code"]) if inputs.get("code") else b""


def _reserve(context: Context, at: dict[str, str], reserved: int) -> None:
    if reserved < 0:
        context.call("lambda", "delete_function_concurrency", **at)
    else:
        context.call("lambda", "put_function_concurrency", **at, ReservedConcurrentExecutions=reserved)


def _arn(context: Context, name: str) -> str:
    return f"arn:aws:lambda:{context.region}:{context.account}:function:{name}"


def _read(context: Context, name: str, inputs: Inputs) -> Live | None:
    found = context.call("lambda", "get_function", FunctionName=name)
    told = found["Configuration"]
    arn = _arn(context, name)
    return {
        **{key: told.get(member) for key, member in _MEMBERS.items()},
        **_changed_code(inputs, told.get("CodeSha256", "")),
        "name": name,
        "architectures": told.get("Architectures"),
        "environment": {"variables": told.get("Environment", {}).get("Variables", {})},
        "reservedConcurrentExecutions": int(found.get("Concurrency", {}).get("ReservedConcurrentExecutions", -1)),
        "arn": arn,
        "qualifiedArn": f"{arn}:{told.get('Version', '$LATEST')}",
        "invokeArn": f"arn:aws:apigateway:{context.region}:lambda:path/2015-03-31/functions/{arn}/invocations",
        "codeSha256": told.get("CodeSha256", ""),
        "lastModified": told.get("LastModified", ""),
        "version": told.get("Version", "$LATEST"),
        "tags": found.get("Tags") or {},
    }


def _changed_code(inputs: Inputs, live: str) -> Live:
    """AWS tells a digest alone: code that somebody else put there is one that nobody knows."""
    assets = (inputs.get("code") or {}).get("assets") or {}
    if not any(asset.get("text") for asset in assets.values()):
        return {}  # the engine keeps texts out of its state: nothing to hold the digest against
    if b64encode(sha256(zipped(inputs["code"])).digest()).decode() == live:
        return {}
    return {"code": {**inputs["code"], "assets": {}, "hash": live}}


def _delete(context: Context, name: str, _state: State) -> None:
    context.call("lambda", "delete_function", FunctionName=name)


_FUNCTION = Kind(
    type="aws:lambda/function:Function",
    inputs=frozenset(_MEMBERS) | words("name code architectures environment reservedConcurrentExecutions tags"),
    stored_only=words("publish skipDestroy timeouts tracingConfig layers vpcConfig loggingConfig ephemeralStorage"),
    computed=words("arn qualifiedArn invokeArn codeSha256 lastModified version tagsAll"),
    volatile=words("codeSha256 lastModified"),
    replaces=words("name architectures"),
    exact=words("tags environment"),
    defaults={"reservedConcurrentExecutions": -1, "memorySize": 128, "timeout": 3},
    name="name",
    create=_create,
    settle=_settle,
    read=_read,
    delete=_delete,
)

KINDS = (_FUNCTION,)
