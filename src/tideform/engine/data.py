"""Data that a removal or a replacement would lose: what holds any, and emptying what the user named.

One guard for all that deletes: plans, applies, saved plans, destroys and the definitions that a burst takes away. It
asks the services and not the state: what was put there by hand counts as well. What cannot be asked counts as full.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tideform.components.names import BURSTS
from tideform.components.storage.burst_places import CHECKPOINTS
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import RefusedError
from tideform.model.planned import Action, PlannedResource, urn_name
from tideform.resources.registry import type_of
from tideform.words import counted

if TYPE_CHECKING:
    from tideform.cloud import Cloud
    from tideform.state.checkpoint import Checkpoint

_BUCKET = "aws:s3/bucket:Bucket"
_TRACKING = "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer"


@dataclass(frozen=True)
class Doomed:
    """Something that would be deleted or replaced, by the name that the spec gives it and the id in its service."""

    type: str
    name: str
    id: str


@dataclass(frozen=True)
class HeldData:
    """One thing that is not empty; ``what`` it holds.

    ``copies`` alone may go unasked: code that bursts sent, which is still where it came from.
    """

    doomed: Doomed
    what: str
    copies: bool = False

    @property
    def name(self) -> str:
        """As `--delete-data` takes it."""
        return self.doomed.name


def doomed_in(states: Iterable[Checkpoint]) -> Iterator[Doomed]:
    """Everything that goes with these stacks."""
    for state in states:
        for resource in state.resources:
            if resource.get("id"):
                yield Doomed(str(resource["type"]), urn_name(resource["urn"]), str(resource["id"]))


def doomed_by(resources: Iterable[PlannedResource]) -> Iterator[Doomed]:
    """What a plan takes away, for good or for another in its place."""
    for resource in resources:
        if resource.action in (Action.DELETE, Action.REPLACE) and resource.id:
            yield Doomed(resource.type, resource.name, resource.id)


def guarded(doomed: Doomed) -> bool:
    """Whether it is of a kind that may hold data, or that others stand on."""
    return doomed.type in _HOLDS or bool(_ground(doomed))


def holders(states: Iterable[Checkpoint]) -> set[str]:
    """The names, as specs give them, of everything in these stacks that may hold data: what people can name."""
    return {doomed.name for doomed in doomed_in(states) if doomed.type in _HOLDS}


def is_bucket(token: str) -> bool:
    """Whether a type is that of buckets."""
    return token == _BUCKET


def held_data(cloud: Cloud, doomed: Iterable[Doomed]) -> tuple[HeldData, ...]:
    """Those that hold data: buckets with an object, version or delete marker, and servers of experiments."""
    found = (_HOLDS[each.type](cloud, each) for each in doomed if each.type in _HOLDS)
    return tuple(sorted(filter(None, found), key=lambda h: (h.name, h.doomed.type)))


def unnamed(held: Iterable[HeldData], named: Collection[str], arriving: Collection[str] = ()) -> list[Diagnostic]:
    """One error for each that the user did not name; ``arriving``: stores that the same plan makes."""
    return [_refused(h, arriving) for h in held if h.name not in named and not h.copies]


def undermined(doomed: Iterable[Doomed]) -> list[Diagnostic]:
    """One error for each thing that the environment stands on and an apply would take away."""
    return [
        Diagnostic(
            "TD334",
            Severity.ERROR,
            "What the environment stands on would be deleted",
            detail=f"{each.name} ({each.id}): {_ground(each)}.",
            fix="Undo the change that replaces it, or take the whole environment down with `tideform destroy`.",
        )
        for each in doomed
        if _ground(each)
    ]


def _ground(doomed: Doomed) -> str:
    """Why the environment stands on it, as its type says; empty where it does not."""
    kind = type_of(doomed.type)
    return kind.ground if kind else ""


def refuse_unnamed(held: Iterable[HeldData], named: Collection[str]) -> None:
    """Raise `RefusedError` for everything with data that the user did not name."""
    if refused := unnamed(held, named):
        raise RefusedError(refused)


def clear(cloud_of: Callable[[], Cloud], doomed: Iterable[Doomed], named: Collection[str]) -> None:
    """Just before they go: refuse what was not named, whenever it came there, and empty the rest."""
    if asked := tuple(filter(guarded, doomed)):
        cloud = cloud_of()
        held = held_data(cloud, asked)
        refuse_unnamed(held, named)
        empty(cloud, held)


def empty(cloud: Cloud, held: Iterable[HeldData]) -> None:
    """Delete every object, version and delete marker of these buckets; what is no bucket is emptied by its deletion."""
    s3 = cloud.client("s3")
    for bucket in (entry.doomed.id for entry in held if entry.doomed.type == _BUCKET):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            objects = [_key(item) for kind in ("Versions", "DeleteMarkers") for item in page.get(kind, ())]
            if objects:
                _delete(s3, bucket, objects)


def _refused(held: HeldData, arriving: Collection[str]) -> Diagnostic:
    detail = f"{held.name} ({held.doomed.id}) holds {held.what}. Deleting them cannot be undone."
    fix = _fix(held, arriving)
    if held.doomed.type == _TRACKING:
        return Diagnostic("TD335", Severity.ERROR, "Recorded experiments would be deleted", detail=detail, fix=fix)
    return Diagnostic("TD330", Severity.ERROR, "A bucket with data would be deleted", detail=detail, fix=fix)


def _fix(held: HeldData, arriving: Collection[str]) -> str:
    lose = f"to lose it, name it: `--delete-data {held.name}`"
    if not arriving or held.doomed.type != _BUCKET:
        return f"Keep it; or, {lose}."
    moves = " or ".join(f"`moved: [{{from: storage.{held.name}, to: storage.{name}}}]`" for name in sorted(arriving))
    return f"Keep it; if it only has another name now, say so: {moves}; or, {lose}."


def _delete(s3: Any, bucket: str, objects: list[dict[str, str]]) -> None:
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
    if errors := answer.get("Errors"):
        first = errors[0]
        raise RefusedError.of(
            "TD331",
            "A bucket could not be emptied",
            detail=f"{bucket}: {counted(len(errors), 'object')} could not be deleted; "
            f"the first is {first['Key']}: {first['Message']}.",
            fix="Look for an object lock or a policy that forbids deletion, then run the command again.",
        )


def _bucket(cloud: Cloud, doomed: Doomed) -> HeldData | None:
    from botocore.exceptions import BotoCoreError, ClientError

    s3 = cloud.client("s3")
    try:
        if not _objects(s3, doomed.id):
            return None
        copies = doomed.name == BURSTS and not _objects(s3, doomed.id, CHECKPOINTS)
    except s3.exceptions.NoSuchBucket:
        return None
    except (BotoCoreError, ClientError) as error:
        return HeldData(doomed, f"objects or may hold some, for it cannot be asked ({error})")
    what = "objects: checkpoints of jobs, and code that was sent with them" if doomed.name == BURSTS else "objects"
    return HeldData(doomed, what, copies)


def _tracking(cloud: Cloud, doomed: Doomed) -> HeldData | None:
    """Metrics and parameters lie in the server itself: only its artifacts are in the bucket of the same name."""
    from botocore.exceptions import BotoCoreError, ClientError

    sagemaker = cloud.client("sagemaker")
    try:
        sagemaker.describe_mlflow_tracking_server(TrackingServerName=doomed.id)
    except sagemaker.exceptions.ResourceNotFound:
        return None
    except (BotoCoreError, ClientError) as error:
        return HeldData(doomed, f"experiments or may hold some, for it cannot be asked ({error})")
    return HeldData(doomed, "experiments")


_HOLDS: dict[str, Callable[[Cloud, Doomed], HeldData | None]] = {_BUCKET: _bucket, _TRACKING: _tracking}


def _objects(s3: Any, bucket: str, prefix: str = "") -> bool:
    page = s3.list_object_versions(Bucket=bucket, MaxKeys=1, Prefix=prefix)
    return bool(page.get("Versions") or page.get("DeleteMarkers"))


def _key(item: Mapping[str, str]) -> dict[str, str]:
    return {"Key": item["Key"], "VersionId": item["VersionId"]}
