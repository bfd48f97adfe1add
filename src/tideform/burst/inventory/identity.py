"""Keys, roles and profiles."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.burst.inventory.base import Area, Leftover, Place


def keys(place: Place) -> Iterator[Leftover]:
    """KMS keys. One that waits for its deletion is kept on purpose (seven days at least) and is not billed."""
    kms = place.cloud.client("kms")
    for entry in place.pages("kms", "list_keys", "Keys"):
        found = kms.describe_key(KeyId=entry["KeyId"])["KeyMetadata"]
        if found.get("KeyManager") == "AWS" or not _is_ours(place, entry["KeyId"]):
            continue
        if found["KeyState"] == "PendingDeletion":
            day = found["DeletionDate"].date().isoformat()
            yield Leftover("kms", "key", entry["KeyId"], note=f"waits for its deletion on {day}", kept=True)
        else:
            yield Leftover("kms", "key", entry["KeyId"], "", place.prices.services["kms:key"].hourly)


def _is_ours(place: Place, key: str) -> bool:
    pages = place.pages("kms", "list_resource_tags", "Tags", KeyId=key)
    return place.ours(tags={tag["TagKey"]: tag["TagValue"] for tag in pages})


def aliases(place: Place) -> Iterator[Leftover]:
    """KMS aliases, by name."""
    for found in place.pages("kms", "list_aliases", "Aliases"):
        if place.ours(found["AliasName"].removeprefix("alias/")):
            yield Leftover("kms", "alias", found["AliasName"])


def roles(place: Place) -> Iterator[Leftover]:
    """IAM roles, by name."""
    for found in place.pages("iam", "list_roles", "Roles"):
        if place.ours(found["RoleName"]):
            yield Leftover("iam", "role", found["RoleName"])


def profiles(place: Place) -> Iterator[Leftover]:
    """IAM instance profiles, by name."""
    for found in place.pages("iam", "list_instance_profiles", "InstanceProfiles"):
        if place.ours(found["InstanceProfileName"]):
            yield Leftover("iam", "instance profile", found["InstanceProfileName"])


AREAS = (
    Area("KMS keys", keys),
    Area("KMS aliases", aliases),
    Area("IAM roles", roles),
    Area("IAM instance profiles", profiles),
)
