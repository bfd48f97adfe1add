"""The account's own KMS keys. A key's policy may deny everybody but its owner even a look, and one such key, somebody
else's, must not end what looks for ours.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tideform.cloud import Cloud

Tags = Mapping[str, str]
_DENIED: Final = "AccessDeniedException"


@dataclass(frozen=True)
class CustomerKey:
    """A key that is the account's own: what KMS says of it (``KeyMetadata``), and its tags."""

    id: str
    about: Mapping[str, Any]
    tags: Tags


def customer_keys(cloud: Cloud, ours: Callable[[Tags], bool]) -> Iterator[CustomerKey]:
    """Every one that may be looked at.

    One that may not is left out where the tags that the tagging service knows of it are not ``ours``. Raises KMS's
    own refusal (`botocore.exceptions.ClientError`) for one that is ours, or may be.
    """
    from botocore.exceptions import ClientError

    kms = cloud.client("kms")
    for page in kms.get_paginator("list_keys").paginate():
        for entry in page["Keys"]:
            try:
                found = _looked_at(kms, entry["KeyId"])
            except ClientError as error:
                if error.response["Error"]["Code"] == _DENIED and _is_foreign(cloud, entry["KeyArn"], ours):
                    continue
                raise
            if found is not None:
                yield found


def _looked_at(kms: Any, key: str) -> CustomerKey | None:
    about = kms.describe_key(KeyId=key)["KeyMetadata"]
    if about["KeyManager"] != "CUSTOMER":
        return None
    pages = kms.get_paginator("list_resource_tags").paginate(KeyId=key)
    return CustomerKey(key, about, {tag["TagKey"]: tag["TagValue"] for page in pages for tag in page["Tags"]})


def _is_foreign(cloud: Cloud, arn: str, ours: Callable[[Tags], bool]) -> bool:
    """Whether the tagging service, which asks no key's policy, knows the key as somebody else's."""
    from botocore.exceptions import ClientError

    try:
        answer = cloud.client("resourcegroupstaggingapi").get_resources(ResourceARNList=[arn])
    except ClientError:
        return False  # then KMS's refusal is what is told
    found = answer["ResourceTagMappingList"]
    return not any(ours({tag["Key"]: tag["Value"] for tag in each["Tags"]}) for each in found)
