"""What the backend holds of a stack, read without a call of the engine.

Pulumi's self-managed backends keep one JSON checkpoint a stack under ``.pulumi/stacks/<project>/<stack>.json``, in
a folder or a bucket. Reading it directly costs milliseconds where ``pulumi stack`` costs half a second.
Source: pulumi/pulumi, ``pkg/backend/diy``. Nothing here writes, but for the empty stack of a
throwaway backend and the move of a whole state.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tideform.errors import BrokenRecord, CloudError, TideformError
from tideform.files import read_plain
from tideform.model.planned import Outputs
from tideform.state import entries
from tideform.state.values import from_engine

_STACKS = ".pulumi/stacks/"
_MOST = 256 * 1024 * 1024  # bytes of one stack's state; a thousand resources take about 4 MB


class BrokenStateError(CloudError, BrokenRecord):
    """TD415: a stack's file is there, and is no checkpoint."""


class Blobs(Protocol):
    """The files of a backend, by their key under its root."""

    @property
    def url(self) -> str:
        """The address that the engine takes."""
        ...

    def place(self, key: str = "") -> str:
        """Where a file is, or all of them, as a person writes it: a path, or ``s3://BUCKET/KEY``."""
        ...

    def read(self, key: str) -> bytes | None:
        """The file's bytes; ``None`` where there is no such file."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys below a prefix."""
        ...

    def write(self, key: str, content: bytes) -> None:
        """Put a file there, whole or not at all, in the place of one that is there."""
        ...


@dataclass(frozen=True)
class FolderBlobs:
    """A backend in a folder."""

    root: Path

    @property
    def url(self) -> str:
        """The address that the engine takes."""
        return folder_url(self.root)

    def place(self, key: str = "") -> str:
        return str(self.root.resolve() / key)

    def read(self, key: str) -> bytes | None:
        try:
            return read_plain(self.root / key, _MOST)
        except (FileNotFoundError, ValueError):  # none has a name that cannot be one
            return None
        except OSError as error:
            raise _unreadable(f"{self.place(key)}: {error.strerror}") from error

    def write(self, key: str, content: bytes) -> None:
        path = self.root / key
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial.write_bytes(content)
            partial.replace(path)
        except OSError as error:
            raise _unreadable(f"{path}: {error.strerror}") from error

    def keys(self, prefix: str) -> Iterator[str]:
        for path in sorted((self.root / prefix).rglob("*.json")):
            yield path.relative_to(self.root).as_posix()


def folder_url(root: Path) -> str:
    """The address of a folder as a backend.

    Without ``metadata=skip`` each checkpoint gets a second file of attributes, which nobody needs, which is written in
    place, and with which an engine that was killed meanwhile makes the checkpoint unreadable.
    Source: gocloud.dev, ``blob/fileblob``.
    """
    return f"{root.resolve().as_uri()}?metadata=skip"


@dataclass(frozen=True)
class BucketBlobs:
    """A backend in an S3 bucket, ``s3://bucket`` with an optional prefix and parameters."""

    url: str
    bucket: str
    prefix: str
    s3: Any

    def place(self, key: str = "") -> str:
        return f"s3://{self.bucket}/{self.prefix}{key}"

    def read(self, key: str) -> bytes | None:
        with self._reached(key):
            try:
                answer = self.s3.get_object(Bucket=self.bucket, Key=self.prefix + key)
            except self.s3.exceptions.NoSuchKey:
                return None
            return bytes(answer["Body"].read())

    def keys(self, prefix: str) -> Iterator[str]:
        pages = self.s3.get_paginator("list_objects_v2")
        with self._reached(prefix):
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix + prefix):
                for entry in page.get("Contents", []):
                    yield entry["Key"].removeprefix(self.prefix)

    def write(self, key: str, content: bytes) -> None:
        with self._reached(key):
            self.s3.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=content)

    @contextmanager
    def _reached(self, key: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise _unreadable(f"{self.place(key)}: {error}") from error


@dataclass(frozen=True)
class Checkpoint:
    """One stack's state: its resources and the operations that a crash left pending."""

    resources: tuple[Mapping[str, Any], ...]
    pending: tuple[Mapping[str, Any], ...]
    secrets_provider: Mapping[str, Any]
    time: str = ""  # of the last change, as the engine wrote it (RFC 3339)

    @property
    def outputs(self) -> Outputs:
        """The stack's outputs; secrets as `SECRET`."""
        root = next((r for r in self.resources if r["type"] == entries.STACK), {})
        return dict(from_engine(root.get("outputs", {})))

    @property
    def empty(self) -> bool:
        """Whether the stack holds no resource of its own, and nothing is pending."""
        return not self.pending and all(r["type"] == entries.STACK for r in self.resources)

    @property
    def pending_urns(self) -> frozenset[str]:
        """What a crashed run was creating, changing or deleting."""
        return frozenset(str(operation["resource"]["urn"]) for operation in self.pending)

    @property
    def digest(self) -> str:
        """SHA-256 of resources and pending operations: the same as long as nothing was changed."""
        text = json.dumps([self.resources, self.pending], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def read(blobs: Blobs, project: str, stack: str) -> Checkpoint | None:
    """The checkpoint of one stack, or ``None`` where the backend has no such stack. Raises `CloudError` TD415."""
    key = key_of(project, stack)
    content = blobs.read(key)
    return None if content is None else parse(blobs.place(key), content)


def parse(where: str, content: bytes) -> Checkpoint:
    """A checkpoint from the file ``where`` it was found. Raises `BrokenStateError` TD415."""
    with legible(where):
        latest = entries.latest(content)
        found = Checkpoint(
            resources=entries.resources(latest),
            pending=entries.operations(latest),
            secrets_provider=entries.secrets_provider(latest),
            time=entries.time(latest),
        )
        found.outputs  # noqa: B018  # what they cannot be made of is told now, like all else
        return found


@contextmanager
def legible(where: str) -> Iterator[None]:
    """Raise `BrokenStateError` TD415 where something in this file is not as the engine, or an apply, writes it."""
    try:
        yield
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise _broken(where, error) from error


def key_of(project: str, stack: str) -> str:
    """Where a backend keeps the checkpoint of a stack."""
    return f"{_STACKS}{project}/{stack}.json"


def new_stack(project: str, stack: str) -> bytes:
    """The checkpoint of a stack in which nothing is."""
    return json.dumps({"version": 3, "checkpoint": {"stack": f"organization/{project}/{stack}"}}).encode()


def write_new(root: Path, project: str, stack: str) -> None:
    """Begin a throwaway backend in an empty folder, with one stack in which nothing is."""
    file = root / key_of(project, stack)
    file.parent.mkdir(parents=True)
    file.write_bytes(new_stack(project, stack))
    (root / ".pulumi" / "meta.yaml").write_text("version: 1\n")


def scaffold(resources: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The entries that are nothing in the cloud, and that others stand on: stack, components and providers."""
    return [
        resource
        for resource in resources
        if not resource.get("delete")
        and (not resource.get("custom") or str(resource["type"]).startswith("pulumi:providers:"))
    ]


def alone(resource: Mapping[str, Any]) -> dict[str, Any]:
    """An entry without what it depends on, so that it can stand in a state that does not hold those."""
    tied = ("dependencies", "propertyDependencies", "deletedWith", "protect", "initErrors", "pendingReplacement")
    return {key: value for key, value in resource.items() if key not in tied}


def stacks(blobs: Blobs) -> Iterator[tuple[str, str]]:
    """Pulumi project and stack name of everything in the backend."""
    for key in blobs.keys(_STACKS):
        parts = key.removeprefix(_STACKS).split("/")
        if len(parts) == 2 and parts[1].endswith(".json"):
            yield parts[0], parts[1].removesuffix(".json")


def _broken(where: str, error: Exception) -> BrokenStateError:
    why = f"{error}" if isinstance(error, entries.OddError) else f"{type(error).__name__}: {error}"
    return BrokenStateError.of(
        "TD415",
        "The state cannot be read",
        detail=f"{where} is no checkpoint: {why}. What stands of this stack, nobody knows.",
        fix="Put a copy of the file in its place: of a backup, or the bucket's older version. Where there is none, "
        "take the file away: `tideform state adopt` makes it anew from what stands. Leases and bursts are not in it.",
    )


def _unreadable(detail: str) -> TideformError:
    return CloudError.of(
        "TD415",
        "The state cannot be read",
        detail=f"{detail}. Without it nobody knows what stands.",
        fix="Look at rights and credentials; `tideform bootstrap` makes a state bucket that is not there yet.",
    )
