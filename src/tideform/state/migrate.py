"""Moving a state to another place: copied, read back and compared; the old place keeps its copy and a pointer.

The pointer makes every later command on the old place refuse (TD416), so that no two copies live on side by side.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tideform.errors import CloudError, RefusedError
from tideform.state import checkpoint
from tideform.state.owners import Owner, Stack, contested, owner_of, owners, stacks_of, tagged
from tideform.words import counted

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment
    from tideform.state.checkpoint import Blobs

_META = ".pulumi/meta.yaml"


def pointer_key(owner: Owner) -> str:
    """Where the pointer of a project and environment lies; a bucket may hold several."""
    return f".tideform-moved/{'-'.join(owner)}.json"


def refuse_moved(blobs: Blobs, owner: Owner) -> None:
    """Raise `RefusedError` TD416 where the state of a project and environment has gone elsewhere."""
    where, name = blobs.place(), "-".join(owner)
    if (to := moved_to(blobs, owner)) is not None:
        raise RefusedError.of(
            "TD416",
            "The state was moved to another place",
            detail=f"{where} holds an old copy of the state of {name}; the one that counts is in {to}.",
            fix=f"Set the environment's `state:` to {to}, or move it back: `tideform state move --from {to}`.",
        )


def moved_to(blobs: Blobs, owner: Owner) -> str | None:
    """The place that the pointer names; None without one, or where it is of another pair with the same name."""
    content = blobs.read(pointer_key(owner))
    if content is None:
        return None
    try:
        pointer = json.loads(content)
        return str(pointer["to"]) if pointer.get("of", [*owner]) == [*owner] else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def move(source: Blobs, target: Blobs, deployment: Deployment, *, to: str) -> int:
    """Copy the deployment's checkpoints, prove that they arrived, and leave the pointer ``to``; returns how many.

    Raises `RefusedError` TD408 where there is nothing to move, TD409 where another state of that name is in the new
    place, TD421 where a stack may be the deployment's and nothing proves it, `CloudError` TD410 where what arrived is
    not what was sent; then the old place is still the one that counts.
    """
    _refuse_unproved(source, deployment)
    files, where, name = _checkpoints(source, deployment), source.place(), deployment.name
    owner = owner_of(deployment)
    if not files:
        raise RefusedError.of(
            "TD408",
            "There is no state to move",
            detail=f"{where} holds no stack of {name}.",
            fix="Name the place where it lies with --from: s3://BUCKET/PREFIX, or a folder such as .tideform/dev.",
        )
    there = _checkpoints(target, deployment)
    _refuse_others(target, files, deployment)
    if moved_to(target, owner) is None:
        _refuse_other(target, files, there, name)
    meta = source.read(_META)
    first = {_META: meta} if meta and target.read(_META) is None else {}
    # What was removed since that copy was left behind must not come back with it.
    gone = {checkpoint.key_of(*stack): checkpoint.new_stack(*stack) for stack in there if stack not in files}
    for key, content in {**first, **gone, **_by_key(files)}.items():
        _send(target, key, content)
    if target.read(pointer_key(owner)) is not None:
        target.write(pointer_key(owner), b"{}")  # it was moved away from there once, and is back
    _send(source, pointer_key(owner), json.dumps({"to": to, "of": owner}).encode())
    return len(files)


def copy(source: Blobs, target: Blobs, deployment: Deployment) -> None:
    """Put the deployment's stacks into an empty place as well; the source stays as it is."""
    target.write(_META, source.read(_META) or b"version: 1\n")
    for key, content in _by_key(_checkpoints(source, deployment)).items():
        target.write(key, content)


def send_stack(source: Blobs, target: Blobs, project: str, stack: str) -> None:
    """Put one stack into another place. Raises `CloudError` TD410 where what arrived is not what was sent."""
    if target.read(_META) is None:
        target.write(_META, source.read(_META) or b"version: 1\n")
    _send(target, key := checkpoint.key_of(project, stack), source.read(key) or b"")


def _checkpoints(blobs: Blobs, deployment: Deployment) -> dict[Stack, bytes]:
    """The checkpoints of a project and environment, as they are."""
    own = list(stacks_of(deployment, blobs))
    return {stack: content for stack in own if (content := blobs.read(checkpoint.key_of(*stack))) is not None}


def _by_key(files: Mapping[Stack, bytes]) -> dict[str, bytes]:
    return {checkpoint.key_of(*stack): content for stack, content in files.items()}


def _refuse_unproved(source: Blobs, deployment: Deployment) -> None:
    """What is left behind in the old place would be found by nobody any more."""
    if unproved := [found for _, found in contested(deployment, source)]:
        raise RefusedError(unproved)


def _refuse_others(target: Blobs, files: Mapping[Stack, bytes], deployment: Deployment) -> None:
    """What another project and environment keeps there under the same name is never written over."""
    where = target.place()
    for project, stack in files:
        state = checkpoint.read(target, project, stack)
        others = owners(deployment, (project, stack), state) - {owner_of(deployment)} if tagged(state) else ()
        if others:
            other = min(others)
            raise RefusedError.of(
                "TD409",
                "Another state is there already",
                detail=f"{where} has a stack {stack} of project {other[0]}, environment {other[1]}.",
                fix="Move to a place without one; nothing was changed.",
            )


def _refuse_other(target: Blobs, files: Mapping[Stack, bytes], there: Mapping[Stack, bytes], name: str) -> None:
    """A copy that a move which was cut short has left is no other state, and neither is a stack that holds nothing."""
    where = target.place()
    strange = [stack for stack, content in there.items() if files.get(stack) != content]
    if other := [s for s in strange if not checkpoint.parse(target.place(s[1]), there[s]).empty]:
        raise RefusedError.of(
            "TD409",
            "Another state is there already",
            detail=f"{where} holds {counted(len(other), 'stack')} of {name} beside these; the first is {other[0][1]}.",
            fix="Move to a place without one, or move that one away first; nothing was changed.",
        )


def _send(target: Blobs, key: str, content: bytes) -> None:
    target.write(key, content)
    where = target.place(key)
    if target.read(key) != content:
        raise CloudError.of(
            "TD410",
            "The state did not arrive as it was sent",
            detail=f"{where} reads back differently.",
            fix="The old place still counts. Look at rights and disk space in the new one, then move again.",
        )
