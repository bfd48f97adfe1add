"""What a training job's folders exchange with S3: input channels, checkpoints both ways, the model at the end.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html
"""

from __future__ import annotations

import io
import logging
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


def download(s3: Any, uri: str, folder: Path) -> None:
    """Everything under an S3 prefix into a folder; nothing where the bucket is not there."""
    bucket, prefix = _split(uri)
    folder.mkdir(parents=True, exist_ok=True)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/" if prefix else ""):
        for found in page.get("Contents") or ():
            target = folder / str(found["Key"]).removeprefix(prefix).lstrip("/")
            if target.resolve().is_relative_to(folder.resolve()) and target.name:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())


class Mirror:
    """A folder that is kept the same in S3: what is new or was written anew goes there. Nothing is deleted."""

    def __init__(self, folder: Path, uri: str) -> None:
        self._folder, self._uri = folder, uri
        self._sent: dict[Path, tuple[int, int]] = {}

    def remember(self) -> None:
        """What is there now came from S3."""
        self._sent = {path: mark for path in files(self._folder) if (mark := _mark(path)) is not None}

    def send(self, s3: Any) -> None:
        """Send what has changed; a file that vanishes meanwhile is passed over."""
        bucket, prefix = _split(self._uri)
        for path in files(self._folder):
            mark = _mark(path)
            if mark is None or self._sent.get(path) == mark:
                continue
            try:
                content = path.read_bytes()
            except OSError:
                continue
            key = f"{prefix}/{path.relative_to(self._folder).as_posix()}".lstrip("/")
            s3.put_object(Bucket=bucket, Key=key, Body=content)
            self._sent[path] = mark


def send_model(s3: Any, uri: str, folders: Iterable[Path]) -> None:
    """The model folders of all hosts as one ``model.tar.gz``; the first host's files win."""
    members: dict[str, Path] = {}
    for folder in folders:
        for path in files(folder):
            members.setdefault(path.relative_to(folder).as_posix(), path)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, path in sorted(members.items()):
            archive.add(path, arcname=name)
    bucket, key = _split(uri)
    s3.put_object(Bucket=bucket, Key=key, Body=packed.getvalue())


def files(folder: Path) -> list[Path]:
    """The plain files in a folder, sorted; links lead out of it and are none."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _split(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key.rstrip("/")
