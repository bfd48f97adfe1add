"""The KMS key of the state: it encrypts the bucket, and the secrets that Pulumi keeps in the state."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from tideform.burst.inventory.customer_keys import customer_keys
from tideform.engine.bootstrap.names import state_key_alias
from tideform.engine.bootstrap.steps import Step, foreign
from tideform.engine.bootstrap.tags import is_ours, own_tags, pairs, unpaired

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment


def key_steps(cloud: Cloud, deployment: Deployment) -> Iterator[Step]:
    """The key, its alias and its rotation, as far as they are missing."""
    kms, alias = cloud.client("kms"), f"alias/{state_key_alias(deployment)}"
    found = find_key(cloud, deployment)
    if found is None:
        yield Step(alias, "create a KMS key with rotation and this alias", partial(_create, cloud, deployment, alias))
        return
    if not is_ours(deployment, unpaired(_tags(kms, found), "TagKey", "TagValue")):
        raise foreign(alias, "the key was not made by bootstrap for this state bucket")
    if not kms.get_key_rotation_status(KeyId=found)["KeyRotationEnabled"]:
        yield Step(alias, "turn on the key's rotation", partial(kms.enable_key_rotation, KeyId=found))


def find_key(cloud: Cloud, deployment: Deployment) -> str | None:
    """The ARN of the key behind the state's alias; None if there is none."""
    kms = cloud.client("kms")
    try:
        described = kms.describe_key(KeyId=f"alias/{state_key_alias(deployment)}")
    except kms.exceptions.NotFoundException:
        return None
    return str(described["KeyMetadata"]["Arn"])


def _create(cloud: Cloud, deployment: Deployment, alias: str) -> None:
    kms = cloud.client("kms")
    key = _orphan(cloud, deployment) or _new(kms, deployment)
    kms.enable_key_rotation(KeyId=key)
    kms.create_alias(AliasName=alias, TargetKeyId=key)


def _new(kms: Any, deployment: Deployment) -> str:
    created = kms.create_key(
        Description=f"tideform state in {deployment.settings.state}",
        Tags=pairs(own_tags(deployment), "TagKey", "TagValue"),
    )
    return str(created["KeyMetadata"]["KeyId"])


def _orphan(cloud: Cloud, deployment: Deployment) -> str | None:
    """A key that an interrupted run made and did not get to name."""
    ours = partial(is_ours, deployment)
    found = (key for key in customer_keys(cloud, ours) if key.about["KeyState"] == "Enabled" and ours(key.tags))
    return next((key.id for key in found), None)


def _tags(kms: Any, key: str) -> list[dict[str, str]]:
    return list(kms.list_resource_tags(KeyId=key)["Tags"])
