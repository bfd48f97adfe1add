"""Where a state is, beyond the one place that the spec names: what a move goes between."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tideform.errors import RefusedError
from tideform.state import checkpoint
from tideform.state.checkpoint import FolderBlobs
from tideform.state.owners import stacks_of

if TYPE_CHECKING:
    from tideform.spec.deployment import Deployment
    from tideform.state.checkpoint import Blobs
    from tideform.state.lock import Lock

_BESIDE = ("passphrase", "sandbox.json")  # what opens a local state's secrets, and the sandbox that it speaks of


@dataclass(frozen=True)
class Place:
    """One backend with the lock that guards it; ``folder`` is an environment's folder for a local one."""

    label: str
    blobs: Blobs
    lock: Lock
    folder: Path | None = None


def place_of(deployment: Deployment, where: str | None) -> Place:
    """The spec's own place, or the one ``where`` names: ``s3://BUCKET/PREFIX``, or a folder.

    A folder is one of an environment (``.tideform/dev``), or the ``state`` in it. Raises `RefusedError` TD417.
    """
    from tideform.connect import cloud_for
    from tideform.engine.locking import lock_of
    from tideform.state.location import location_of

    if where is not None and not where.startswith("s3://"):
        return _folder(deployment, Path(where).expanduser())
    if where is not None:
        if not urlsplit(where).netloc:
            raise _no_place(where, "it names no bucket")
        settings = deployment.settings.model_copy(update={"state": where.rstrip("/")})
        deployment = replace(deployment, settings=settings)
    if deployment.settings.state is None:
        return _folder(deployment, deployment.workspace.environment(deployment.environment))
    blobs = location_of(deployment, cloud_for(deployment))
    return Place(deployment.settings.state, blobs, lock_of(deployment))


def refuse_other_key(deployment: Deployment, source: Place, target: Place) -> None:
    """Raise `RefusedError` TD409 where the key that `bring_along` copies would replace the one of another's stacks."""
    if source.folder is None or target.folder is None:
        return
    ours, theirs = (_key_in(place.folder) for place in (source, target))
    others = set(checkpoint.stacks(target.blobs)) - set(stacks_of(deployment, target.blobs))
    if None in (ours, theirs) or ours == theirs or not others:
        return
    raise RefusedError.of(
        "TD409",
        "Another state is there already",
        detail=f"{target.label} holds stacks of others with a key of their own, which this one's would replace: their "
        "secrets could never be read again.",
        fix="Move to a place without one; nothing was changed.",
    )


def _key_in(folder: Path | None) -> bytes | None:
    file = None if folder is None else folder / "passphrase"
    return file.read_bytes() if file is not None and file.is_file() else None


def bring_along(source: Place, target: Place) -> None:
    """Copy what a local state needs beside itself; the programs' settings are written anew from the state."""
    if source.folder is None or target.folder is None:
        return
    for name in _BESIDE:
        if (source.folder / name).is_file():
            shutil.copy2(source.folder / name, target.folder / name)
    for settings in target.folder.glob("*/Pulumi.*.yaml"):
        settings.unlink()


def _folder(deployment: Deployment, folder: Path) -> Place:
    from tideform.state.lock import Lock
    from tideform.state.lock.store import FolderStore

    if (folder / ".pulumi").is_dir():
        folder = folder.absolute().parent
    if not folder.is_dir():
        raise _no_place(str(folder), "there is no such folder")
    state = folder / "state"
    lock = Lock(FolderStore(folder / "lock.json", state), deployment.name)
    return Place(str(folder), FolderBlobs(state), lock, folder)


def _no_place(where: str, why: str) -> RefusedError:
    return RefusedError.of(
        "TD417",
        "This is no place of a state",
        detail=f"{where}: {why}.",
        fix="Name s3://BUCKET or s3://BUCKET/PREFIX, or the folder of an environment such as .tideform/dev.",
    )
