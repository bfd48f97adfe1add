"""The bucket of the state: versioned, encrypted under its own key, private, TLS only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tideform.engine.bootstrap.documents import bucket_policy
from tideform.engine.bootstrap.key import find_key
from tideform.engine.bootstrap.names import state_bucket
from tideform.engine.bootstrap.steps import Step, foreign
from tideform.engine.bootstrap.tags import is_ours, own_tags, pairs, unpaired

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment

_ABSENT = {
    "NoSuchBucketPolicy", "NoSuchLifecycleConfiguration", "NoSuchPublicAccessBlockConfiguration", "NoSuchTagSet",
    "OwnershipControlsNotFoundError", "ServerSideEncryptionConfigurationNotFoundError",
}  # fmt: skip
_CLOSED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@dataclass(frozen=True)
class _Setting:
    """One setting of the bucket: ``holds`` looks at what `read` gives; `write` puts it right."""

    what: str
    read: Callable[[], Mapping[str, Any]]
    holds: Callable[[Mapping[str, Any]], bool]
    write: Callable[[], object]


def bucket_steps(cloud: Cloud, deployment: Deployment) -> Iterator[Step]:
    """The bucket and its settings, as far as they are missing."""
    name, there = state_bucket(deployment), _is_there(cloud, deployment)
    if not there:
        yield Step(name, f"create the bucket in {deployment.region}", partial(_create, cloud, deployment))
    for setting in _settings(cloud, deployment):
        if not there or not setting.holds(_present(setting.read)):
            yield Step(name, setting.what, setting.write)


def _is_there(cloud: Cloud, deployment: Deployment) -> bool:
    """Whether our bucket exists. Raises `RefusedError` for one that is another account's, place's or purpose's."""
    from botocore.exceptions import ClientError

    s3, name = cloud.client("s3"), state_bucket(deployment)
    whose = {"Bucket": name, "ExpectedBucketOwner": deployment.account}
    try:
        head = s3.head_bucket(**whose)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            return False
        if status in (301, 400, 403):
            raise foreign(name, "a bucket of that name is in another account or region") from error
        raise
    region = head.get("BucketRegion", deployment.region)
    if region != deployment.region:
        raise foreign(name, f"the bucket is in {region}, and the environment in {deployment.region}")
    if not is_ours(deployment, _tags(s3, whose)) and s3.list_objects_v2(**whose, MaxKeys=1)["KeyCount"]:
        raise foreign(name, "the bucket holds objects and has no tag of bootstrap")
    return True


def _create(cloud: Cloud, deployment: Deployment) -> None:
    elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": deployment.region}}
    cloud.client("s3").create_bucket(
        Bucket=state_bucket(deployment),
        ObjectOwnership="BucketOwnerEnforced",
        **({} if deployment.region == "us-east-1" else elsewhere),
    )


def _settings(cloud: Cloud, deployment: Deployment) -> Iterator[_Setting]:
    s3 = cloud.client("s3")
    whose = {"Bucket": state_bucket(deployment), "ExpectedBucketOwner": deployment.account}
    yield _tagging(s3, whose, deployment)
    yield _ownership(s3, whose)
    yield _access(s3, whose)
    yield _versions(s3, whose)
    yield _encryption(s3, whose, cloud, deployment)
    yield _policy(s3, whose, deployment)
    yield _life_cycle(s3, whose)


def _tagging(s3: Any, whose: Mapping[str, str], deployment: Deployment) -> _Setting:
    return _Setting(
        "tag it as tideform's",
        lambda: _tags(s3, whose),
        lambda tags: is_ours(deployment, tags),
        lambda: s3.put_bucket_tagging(**whose, Tagging={"TagSet": pairs({**_tags(s3, whose), **own_tags(deployment)})}),
    )


def _ownership(s3: Any, whose: Mapping[str, str]) -> _Setting:
    wanted = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    return _Setting(
        "let the bucket's owner own every object",
        partial(s3.get_bucket_ownership_controls, **whose),
        lambda found: found.get("OwnershipControls") == wanted,
        partial(s3.put_bucket_ownership_controls, **whose, OwnershipControls=wanted),
    )


def _access(s3: Any, whose: Mapping[str, str]) -> _Setting:
    wanted = dict.fromkeys(_CLOSED, True)
    return _Setting(
        "block public access",
        partial(s3.get_public_access_block, **whose),
        lambda found: found.get("PublicAccessBlockConfiguration") == wanted,
        partial(s3.put_public_access_block, **whose, PublicAccessBlockConfiguration=wanted),
    )


def _versions(s3: Any, whose: Mapping[str, str]) -> _Setting:
    return _Setting(
        "turn on versioning",
        partial(s3.get_bucket_versioning, **whose),
        lambda found: found.get("Status") == "Enabled",
        partial(s3.put_bucket_versioning, **whose, VersioningConfiguration={"Status": "Enabled"}),
    )


def _encryption(s3: Any, whose: Mapping[str, str], cloud: Cloud, deployment: Deployment) -> _Setting:
    def wanted() -> dict[str, Any]:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": find_key(cloud, deployment)}
        return {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]}

    def holds(found: Mapping[str, Any]) -> bool:
        rules = found.get("ServerSideEncryptionConfiguration", {}).get("Rules", [{}])
        key = rules[0].get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
        return key is not None and key == find_key(cloud, deployment)

    return _Setting(
        "encrypt it under the key",
        partial(s3.get_bucket_encryption, **whose),
        holds,
        lambda: s3.put_bucket_encryption(**whose, ServerSideEncryptionConfiguration=wanted()),
    )


def _policy(s3: Any, whose: Mapping[str, str], deployment: Deployment) -> _Setting:
    wanted = bucket_policy(deployment)
    return _Setting(
        "refuse requests without TLS",
        partial(s3.get_bucket_policy, **whose),
        lambda found: wanted["Statement"][0] in json.loads(found.get("Policy", "{}")).get("Statement", []),
        partial(_add_statement, s3, whose, wanted["Statement"][0]),
    )


def _add_statement(s3: Any, whose: Mapping[str, str], statement: dict[str, Any]) -> None:
    """Add it to the statements that others may have added; theirs stay."""
    found = json.loads(_present(partial(s3.get_bucket_policy, **whose)).get("Policy", "{}"))
    kept = [s for s in found.get("Statement", []) if s.get("Sid") != statement["Sid"]]
    policy = {"Version": "2012-10-17", "Statement": [*kept, statement]}
    s3.put_bucket_policy(**whose, Policy=json.dumps(policy))


def _life_cycle(s3: Any, whose: Mapping[str, str]) -> _Setting:
    rule = {
        "ID": "tideform-old-versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    return _Setting(
        "keep old versions of the state for 90 days",
        partial(s3.get_bucket_lifecycle_configuration, **whose),
        lambda found: bool(found.get("Rules")),  # whatever the owner decided stays
        partial(s3.put_bucket_lifecycle_configuration, **whose, LifecycleConfiguration={"Rules": [rule]}),
    )


def _tags(s3: Any, whose: Mapping[str, str]) -> dict[str, str]:
    return unpaired(_present(partial(s3.get_bucket_tagging, **whose)).get("TagSet", []))


def _present(read: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """What S3 says; empty where the setting was never made."""
    from botocore.exceptions import ClientError

    try:
        return read()
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return {}
        raise
