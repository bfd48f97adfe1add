"""Data that a removal would lose: which buckets hold any, and emptying those that the user named.

Asks S3 and not the state: what was put there by hand counts as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tideform.components.burst_places import CHECKPOINTS
from tideform.components.names import BURSTS
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import RefusedError
from tideform.plan.model import urn_name

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.engine.checkpoint import Checkpoint

_BUCKET = "aws:s3/bucket:Bucket"


@dataclass(frozen=True)
class HeldData:
    """One bucket that is not empty, by the name that the spec gives it.

    ``copies`` alone may go unasked: code that bursts sent, which is still where it came from.
    """

    name: str
    bucket: str
    copies: bool = False


def held_data(cloud: Cloud, states: Iterable[Checkpoint]) -> tuple[HeldData, ...]:
    """The buckets of these stacks that hold at least one object, version or delete marker."""
    s3 = cloud.client("s3")
    found = [
        HeldData(name, bucket, copies=name == BURSTS and not _holds(s3, bucket, CHECKPOINTS))
        for state in states
        for name, bucket in _buckets(state)
        if _holds(s3, bucket)
    ]
    return tuple(sorted(found, key=lambda h: h.name))


def refuse_unnamed(held: Iterable[HeldData], named: Iterable[str]) -> None:
    """Raise `RefusedError` for every bucket with data that the user did not name."""
    allowed = set(named)
    refused = [
        Diagnostic(
            "TD330",
            Severity.ERROR,
            "A bucket with data would be deleted",
            detail=f"{h.name} ({h.bucket}) holds objects, and deleting them cannot be undone.",
            fix=f"Keep it, or name it: `tideform destroy --delete-data {h.name}`.",
        )
        for h in held
        if h.name not in allowed and not h.copies
    ]
    if refused:
        raise RefusedError(refused)


def empty(cloud: Cloud, held: Iterable[HeldData]) -> None:
    """Delete every object, version and delete marker of these buckets."""
    s3 = cloud.client("s3")
    for entry in held:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=entry.bucket):
            objects = [_key(item) for kind in ("Versions", "DeleteMarkers") for item in page.get(kind, ())]
            if objects:
                _delete(s3, entry.bucket, objects)


def _delete(s3: Any, bucket: str, objects: list[dict[str, str]]) -> None:
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
    if errors := answer.get("Errors"):
        first = errors[0]
        raise RefusedError.of(
            "TD331",
            "A bucket could not be emptied",
            detail=f"{bucket}: {len(errors)} objects stay; the first is {first['Key']}: {first['Message']}.",
            fix="Look for an object lock or a policy that forbids deletion, then run the command again.",
        )


def _buckets(state: Checkpoint) -> Iterator[tuple[str, str]]:
    for resource in state.resources:
        if resource["type"] == _BUCKET and resource.get("id"):
            yield urn_name(resource["urn"]), resource["id"]


def _holds(s3: Any, bucket: str, prefix: str = "") -> bool:
    try:
        page = s3.list_object_versions(Bucket=bucket, MaxKeys=1, Prefix=prefix)
    except s3.exceptions.NoSuchBucket:
        return False
    return bool(page.get("Versions") or page.get("DeleteMarkers"))


def _key(item: Mapping[str, str]) -> dict[str, str]:
    return {"Key": item["Key"], "VersionId": item["VersionId"]}
