"""Whether something of a name stands already, and whose it is: asked of the services where the state does not know.

Only of types that say how (`tideform.resources.base.Taken`): they have a name of our choice and carry tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tideform.resources.registry import type_of

if TYPE_CHECKING:
    from tideform.cloud import Cloud

Tags = Mapping[str, str]
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403"})
_ABSENT = frozenset({"NoSuchBucket", "NoSuchEntity", "ResourceNotFoundException", "404"})


def tags_of(cloud: Cloud, token: str, inputs: Mapping[str, Any]) -> Tags | None:
    """The tags of what stands under the name in ``inputs``; None where nothing does, or nobody may tell."""
    from botocore.exceptions import ClientError

    kind = type_of(token)
    if kind is None or kind.taken is None:
        return None
    name = inputs.get(kind.taken.name)
    if not isinstance(name, str):
        return None
    try:
        return kind.taken.tags(cloud, name)
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT | _DENIED:
            return None
        raise
