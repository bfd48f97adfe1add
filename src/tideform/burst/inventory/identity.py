"""Keys, roles and profiles."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tideform.burst.inventory.base import Area, Leftover, Place, Tags, pairs, tags_of
from tideform.burst.inventory.customer_keys import customer_keys


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


def roles(place: Place) -> Iterator[Leftover]:
    """IAM roles; listing them does not tell their tags."""
    for found in place.pages("iam", "list_roles", "Roles"):
        name = found["RoleName"]
        yield from place.claim(Leftover("iam", "role", name), name, partial(_role_tags, place, name))


def _role_tags(place: Place, name: str) -> dict[str, str]:
    return pairs(place.pages("iam", "list_role_tags", "Tags", RoleName=name))


def profiles(place: Place) -> Iterator[Leftover]:
    """IAM instance profiles; listing them does not tell their tags."""
    for found in place.pages("iam", "list_instance_profiles", "InstanceProfiles"):
        name = found["InstanceProfileName"]
        yield from place.claim(Leftover("iam", "instance profile", name), name, partial(_profile_tags, place, name))


def _profile_tags(place: Place, name: str) -> dict[str, str]:
    found = place.cloud.client("iam").get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    return tags_of(found)


def policies(place: Place) -> Iterator[Leftover]:
    """The account's own IAM policies; listing them does not tell their tags."""
    for found in place.pages("iam", "list_policies", "Policies", Scope="Local"):
        name, tags = found["PolicyName"], partial(_policy_tags, place, found["Arn"])
        yield from place.claim(Leftover("iam", "policy", name), name, tags)


def _policy_tags(place: Place, arn: str) -> dict[str, str]:
    return pairs(place.pages("iam", "list_policy_tags", "Tags", PolicyArn=arn))


AREAS = (
    Area("KMS keys", keys),
    Area("KMS aliases", aliases),
    Area("IAM roles", roles),
    Area("IAM instance profiles", profiles),
    Area("IAM policies", policies),
)
