"""KMS: keys and their aliases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from tideform.resources.actions import actions
from tideform.resources.base import ResourceType
from tideform.resources.costs import FREE, service
from tideform.resources.customer_keys import customer_keys
from tideform.resources.identity import Inputs, carry, named
from tideform.resources.inventory import Area, Leftover, Place, Tags
from tideform.resources.ownership import pointing

if TYPE_CHECKING:
    from tideform.cloud import Cloud


def kms_key(cloud: Cloud, inputs: Inputs) -> Iterator[str]:
    """The keys of that description with our tags that are not going away."""

    def ours(tags: Mapping[str, str]) -> bool:
        return carry(tags, inputs.get("tags"))

    for key in customer_keys(cloud, ours):
        stays = key.about["KeyState"] != "PendingDeletion"
        if stays and key.about.get("Description") == inputs.get("description") and ours(key.tags):
            yield key.id


def keys(place: Place) -> Iterator[Leftover]:
    """KMS keys. One that waits for its deletion is kept on purpose (seven days at least) and is not billed."""
    for found in customer_keys(place.cloud, partial(_claimed, place)):
        key = Leftover("kms", "key", found.id, "", place.prices.services["kms:key"].hourly)
        if found.about["KeyState"] == "PendingDeletion":
            note = f"waits for its deletion on {found.about['DeletionDate'].date().isoformat()}"
            key = Leftover("kms", "key", found.id, note=note, kept=True)
        yield from place.claim(key, found.tags.get("Name", ""), found.tags)


def _claimed(place: Place, tags: Tags) -> bool:
    return any(place.claim(Leftover("kms", "key", ""), tags.get("Name", ""), tags))


def _key_tags(place: Place, key: str) -> dict[str, str]:
    pages = place.pages("kms", "list_resource_tags", "Tags", KeyId=key)
    return {tag["TagKey"]: tag["TagValue"] for tag in pages}


def aliases(place: Place) -> Iterator[Leftover]:
    """KMS aliases; they take no tags and belong to their key."""
    for found in place.pages("kms", "list_aliases", "Aliases"):
        name, key = found["AliasName"], found.get("TargetKeyId")
        tags = partial(_key_tags, place, key) if key else dict
        yield from place.claim(Leftover("kms", "alias", name), name.removeprefix("alias/"), tags)


TYPES = (
    ResourceType(
        "aws:kms/key:Key",
        terraform="aws_kms_key",
        identify=kms_key,
        cost=service("kms:key", "KMS key"),
        inventory=Area("KMS keys", keys),
        actions=actions(
            "kms",
            create="CreateKey EnableKeyRotation",
            read="DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags",
            update="PutKeyPolicy UpdateKeyDescription EnableKey DisableKey EnableKeyRotation DisableKeyRotation",
            delete="ScheduleKeyDeletion",
            tag="TagResource UntagResource",
            search="ListKeys",
        ),
        ground="without it nothing that it encrypted can be read any more",
    ),
    ResourceType(
        "aws:kms/alias:Alias",
        terraform="aws_kms_alias",
        identify=named("name"),
        cost=FREE,
        inventory=Area("KMS aliases", aliases),
        actions=actions("kms", create="CreateAlias", read="ListAliases", update="UpdateAlias", delete="DeleteAlias"),
        ours=pointing("targetKeyId"),
        marked=True,
    ),
)
