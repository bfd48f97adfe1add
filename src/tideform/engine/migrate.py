"""Moving a state to another place: copied, read back and compared; the old place keeps its copy and a pointer.

The pointer makes every later command on the old place refuse (TD416), so that no two copies live on side by side.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tideform.engine import checkpoint
from tideform.errors import CloudError, RefusedError

if TYPE_CHECKING:
    from tideform.engine.checkpoint import Blobs

_META = ".pulumi/meta.yaml"
Stack = tuple[str, str]  # Pulumi project and stack name


def pointer_key(name: str) -> str:
    """Where the pointer of a project and environment lies; a bucket may hold several."""
    return f".tideform-moved/{name}.json"


def refuse_moved(blobs: Blobs, name: str) -> None:
    """Raise `RefusedError` TD416 where the state of ``name`` (``<project>-<environment>``) has gone elsewhere."""
    if (to := moved_to(blobs, name)) is not None:
        raise RefusedError.of(
            "TD416",
            "The state was moved to another place",
            detail=f"{blobs.url} holds an old copy of the state of {name}; the one that counts is in {to}.",
            fix=f"Set the environment's `state:` to {to}, or move it back: `tideform state move --from {to}`.",
        )


def moved_to(blobs: Blobs, name: str) -> str | None:
    """The place that the pointer names; None without a pointer."""
    content = blobs.read(pointer_key(name))
    if content is None:
        return None
    try:
        return str(json.loads(content)["to"])
    except (ValueError, KeyError, TypeError):
        return None


def move(source: Blobs, target: Blobs, *, name: str, to: str) -> int:
    """Copy the checkpoints of ``name``, prove that they arrived, and leave the pointer ``to`` behind; returns how many.

    Raises `RefusedError` TD408 where there is nothing to move, TD409 where another state of that name is in the new
    place, `CloudError` TD410 where what arrived is not what was sent; then the old place is still the one that counts.
    """
    files = _checkpoints(source, name)
    if not files:
        raise RefusedError.of(
            "TD408",
            "There is no state to move",
            detail=f"{source.url} holds no stack of {name}.",
            fix="Name the place where it lies with --from: s3://BUCKET/PREFIX, or a folder such as .tideform/dev.",
        )
    there = _checkpoints(target, name)
    if moved_to(target, name) is None:
        _refuse_other(target, files, there, name)
    meta = source.read(_META)
    first = {_META: meta} if meta and target.read(_META) is None else {}
    # What was removed since that copy was left behind must not come back with it.
    gone = {checkpoint.key_of(*stack): checkpoint.new_stack(*stack) for stack in there if stack not in files}
    for key, content in {**first, **gone, **_by_key(files)}.items():
        _send(target, key, content)
    if target.read(pointer_key(name)) is not None:
        target.write(pointer_key(name), b"{}")  # it was moved away from there once, and is back
    _send(source, pointer_key(name), json.dumps({"to": to}).encode())
    return len(files)


def _checkpoints(blobs: Blobs, name: str) -> dict[Stack, bytes]:
    """The checkpoints of a project and environment, as they are."""
    own = [s for s in checkpoint.stacks(blobs) if s[1] == name or s[1].startswith(f"{name}-")]
    return {stack: content for stack in own if (content := blobs.read(checkpoint.key_of(*stack))) is not None}


def _by_key(files: Mapping[Stack, bytes]) -> dict[str, bytes]:
    return {checkpoint.key_of(*stack): content for stack, content in files.items()}


def _refuse_other(target: Blobs, files: Mapping[Stack, bytes], there: Mapping[Stack, bytes], name: str) -> None:
    """A copy that a move which was cut short has left is no other state, and neither is a stack that holds nothing."""
    strange = [stack for stack, content in there.items() if files.get(stack) != content]
    if other := [s for s in strange if not checkpoint.parse(f"{target.url}/{s[1]}", there[s]).empty]:
        raise RefusedError.of(
            "TD409",
            "Another state is there already",
            detail=f"{target.url} holds {len(other)} stacks of {name} that are not these; the first is {other[0][1]}.",
            fix="Move to a place without one, or move that one away first; nothing was changed.",
        )


def _send(target: Blobs, key: str, content: bytes) -> None:
    target.write(key, content)
    if target.read(key) != content:
        raise CloudError.of(
            "TD410",
            "The state did not arrive as it was sent",
            detail=f"{target.url}/{key} reads back differently.",
            fix="The old place still counts. Look at rights and disk space in the new one, then move again.",
        )
