"""The settings of a bucket, each a resource of its own whose id is the bucket's name.

They all work alike: put a document, get it back, delete it. Putting replaces what is there, as it does on AWS. So a
policy or a life cycle of somebody else's is refused; the others every bucket has from the start.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tideform_sandbox.providers.aws.context import Context
from tideform_sandbox.providers.aws.kind import Inputs, Kind, Live, State, words
from tideform_sandbox.providers.aws.refusal import Refusal
from tideform_sandbox.providers.aws.shapes import Names, from_api

Read = Callable[[Context, str, Inputs], Live | None]


@dataclass(frozen=True)
class _Setting:
    """The operations of one setting, and where its document sits in request and answer."""

    put: str
    get: str
    remove: str | None
    member: str  # of the request
    answer: str | None = None  # of the answer; None where the answer is the document
    names: Names = field(default_factory=dict)
    absent_at_first: bool = False

    def create(self, context: Context, inputs: Inputs) -> str:
        if self.absent_at_first:
            _refuse_other(self.read, context, inputs)
        self._put(context, inputs)
        return str(inputs["bucket"])

    def settle(self, context: Context, _identity: str, old: Inputs, new: Inputs) -> None:
        if old:
            self._put(context, new)

    def read(self, context: Context, identity: str, inputs: Inputs) -> Live | None:
        found = context.call("s3", self.get, Bucket=identity)
        document = found.get(self.answer) if self.answer else found
        if not document:
            return None
        document.pop("ResponseMetadata", None)
        live: Live = from_api(document, self.names, inputs)
        return {**live, "bucket": identity}

    def delete(self, context: Context, identity: str, _state: State) -> None:
        if self.remove is not None:
            context.call("s3", self.remove, Bucket=identity)

    def _put(self, context: Context, inputs: Inputs) -> None:
        document = {key: value for key, value in inputs.items() if key not in ("bucket", "region")}
        asked = {"bucket": inputs["bucket"], self.member: document}
        context.send("s3", self.put, asked, self.names)


def _refuse_other(read: Read, context: Context, inputs: Inputs) -> None:
    """Raise `Refusal` where the bucket has another document of the kind: the provider writes over none.

    The same one is what a deletion has left that took the bucket's settings for gone, and then could not delete it.
    """
    try:
        live = read(context, inputs["bucket"], inputs) or {}
    except Refusal as refusal:
        if refusal.means_gone and refusal.code != "NoSuchBucket":
            return
        raise
    if any(_parsed(live.get(name)) != _parsed(inputs[name]) for name in inputs if name in ("policy", "rules")):
        raise Refusal("AlreadyExists", f"bucket {inputs['bucket']} has another setting of this kind already")


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _kind(token: str, inputs: str, setting: _Setting, **more: Any) -> Kind:
    return Kind(
        type=token,
        inputs=words(inputs) | {"bucket"},
        replaces=words("bucket"),
        create=setting.create,
        settle=setting.settle,
        read=setting.read,
        delete=setting.delete,
        **more,
    )


_PUBLIC_ACCESS = _kind(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "blockPublicAcls blockPublicPolicy ignorePublicAcls restrictPublicBuckets",
    _Setting(
        put="put_public_access_block",
        get="get_public_access_block",
        remove="delete_public_access_block",
        member="PublicAccessBlockConfiguration",
        answer="PublicAccessBlockConfiguration",
    ),
    stored_only=words("skipDestroy"),
)

_ENCRYPTION = _kind(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "rules",
    _Setting(
        put="put_bucket_encryption",
        get="get_bucket_encryption",
        remove="delete_bucket_encryption",
        member="ServerSideEncryptionConfiguration",
        answer="ServerSideEncryptionConfiguration",
        names={"kmsMasterKeyId": "KMSMasterKeyID", "sseAlgorithm": "SSEAlgorithm"},
    ),
    stored_only=words("expectedBucketOwner"),
)

_OWNERSHIP = _kind(
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "rule",
    _Setting(
        put="put_bucket_ownership_controls",
        get="get_bucket_ownership_controls",
        remove="delete_bucket_ownership_controls",
        member="OwnershipControls",
        answer="OwnershipControls",
        names={"rule": "Rules"},
    ),
)

_LIFECYCLE = _kind(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "rules",
    _Setting(
        put="put_bucket_lifecycle_configuration",
        get="get_bucket_lifecycle_configuration",
        remove="delete_bucket_lifecycle",
        member="LifecycleConfiguration",
        names={"id": "ID"},
        absent_at_first=True,
    ),
    stored_only=words("expectedBucketOwner transitionDefaultMinimumObjectSize"),
)


def _put_versioning(context: Context, inputs: Inputs) -> None:
    asked = {"versioningConfiguration": inputs["versioningConfiguration"]}
    asked["versioningConfiguration"] = {"status": asked["versioningConfiguration"]["status"]}
    if asked["versioningConfiguration"]["status"] != "Disabled":  # a new bucket is so, and AWS refuses the word
        context.send("s3", "put_bucket_versioning", asked, Bucket=inputs["bucket"])


def _create_versioning(context: Context, inputs: Inputs) -> str:
    _put_versioning(context, inputs)
    return str(inputs["bucket"])


def _settle_versioning(context: Context, _identity: str, old: Inputs, new: Inputs) -> None:
    if old:
        _put_versioning(context, new)


def _read_versioning(context: Context, identity: str, _inputs: Inputs) -> Live | None:
    status = context.call("s3", "get_bucket_versioning", Bucket=identity).get("Status", "Disabled")
    return {"bucket": identity, "versioningConfiguration": {"status": status}}


def _delete_versioning(context: Context, identity: str, _state: State) -> None:
    """Versioning cannot be removed, only suspended."""
    if _read_versioning(context, identity, {}) != {"status": "Disabled"}:
        suspended = {"Status": "Suspended"}
        context.call("s3", "put_bucket_versioning", Bucket=identity, VersioningConfiguration=suspended)


_VERSIONING = Kind(
    type="aws:s3/bucketVersioning:BucketVersioning",
    inputs=words("bucket versioningConfiguration"),
    stored_only=words("expectedBucketOwner mfa"),
    replaces=words("bucket"),
    create=_create_versioning,
    settle=_settle_versioning,
    read=_read_versioning,
    delete=_delete_versioning,
)


def _put_policy(context: Context, _identity: str, inputs: Inputs) -> None:
    context.call("s3", "put_bucket_policy", Bucket=inputs["bucket"], Policy=inputs["policy"])


def _create_policy(context: Context, inputs: Inputs) -> str:
    _refuse_other(_read_policy, context, inputs)
    _put_policy(context, "", inputs)
    return str(inputs["bucket"])


def _settle_policy(context: Context, identity: str, old: Inputs, new: Inputs) -> None:
    if old:
        _put_policy(context, identity, new)


def _read_policy(context: Context, identity: str, _inputs: Inputs) -> Live | None:
    policy = context.call("s3", "get_bucket_policy", Bucket=identity)["Policy"]
    return {"bucket": identity, "policy": policy}


def _delete_policy(context: Context, identity: str, _state: State) -> None:
    context.call("s3", "delete_bucket_policy", Bucket=identity)


_POLICY = Kind(
    type="aws:s3/bucketPolicy:BucketPolicy",
    inputs=words("bucket policy"),
    replaces=words("bucket"),
    create=_create_policy,
    settle=_settle_policy,
    read=_read_policy,
    delete=_delete_policy,
)

KINDS = (_PUBLIC_ACCESS, _ENCRYPTION, _OWNERSHIP, _LIFECYCLE, _VERSIONING, _POLICY)
