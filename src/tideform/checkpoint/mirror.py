"""A folder of checkpoints and its copy under an S3 address: only what changed goes up, nothing half comes down.

Uploads run in parts with bounded memory (boto3's transfer manager: at most 4 x 16 MiB at a time). In the copy nothing
is deleted but checkpoints that the job's own rotation has removed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tideform.checkpoint.contract import NOTES, SAVE_NOW
from tideform.checkpoint.folder import CONTENTS, is_checkpoint

_MIB = 1024 * 1024
_LISTINGS = 5  # of a copy that is being rotated; one is enough where nobody writes any more
Signature = tuple[int, int, int]  # bytes, time of change in ns, inode


@dataclass
class Mirror:
    """One folder and its copy. ``s3`` is a boto3 client; every call raises what it raises."""

    s3: Any
    uri: str
    folder: Path
    _sent: dict[str, Signature] = field(default_factory=dict, init=False)

    def pull(self) -> int:
        """Bring the copy back; returns how many files came.

        What is here already in the same size, or newer, stays as it is. Files come under names of their own and are
        renamed (boto3 does that), and a checkpoint of several files whose copy is cut short is not taken for whole.
        Where a machine that is still going down rotates a checkpoint away meanwhile, what it left instead comes;
        `InterruptedError` if that does not come to an end.
        """
        came = 0
        for _ in range(_LISTINGS):
            fetched = [self._fetch(*entry) for entry in self._remote()]
            came += fetched.count(True)
            if None not in fetched:
                return came
        raise InterruptedError(f"the checkpoints under {self.uri} go away faster than they can be fetched")

    def _fetch(self, name: str, size: int, changed: float) -> bool | None:
        """Whether a file of the copy had to come; None where it is there no more."""
        path = self.folder / name
        stale = not _is_current(path, size, changed, once=is_checkpoint(_top(name)))
        if stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self.s3.download_file(self.bucket, self._key(name), str(path), Config=_transfer())
            except self.s3.exceptions.ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                    return None
                raise
        self._sent[name] = _signature(path)
        return stale

    def push(self, *, checkpoints_only: bool = False) -> int:
        """Send what changed since the last time, then delete the copies of rotated checkpoints; returns how many went.

        A file that changes while it is sent is sent again the next time. ``checkpoints_only`` leaves plain files out:
        those may be in the middle of being written.
        """
        went = 0
        found = dict(self._local())
        for name in sorted(found, key=_contents_last):
            if self._sent.get(name) == found[name] or (checkpoints_only and not is_checkpoint(_top(name))):
                continue
            went += self._send(name, found[name])
        self._forget(set(self._sent) - set(found))
        return went

    def wish(self) -> str:
        """The name of the wish for a checkpoint that somebody left beside the copy; empty if there is none."""
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=self._key(SAVE_NOW))
        except self.s3.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404):  # 403: absent, and we may not list
                return ""
            raise
        text = answer["Body"].read(256).decode("utf-8", "replace").strip()
        return f"{text}@{answer['LastModified'].isoformat()}"

    def ask(self, wish: str) -> None:
        """Leave a wish beside the copy, for whoever mirrors from the first machine."""
        self.s3.put_object(Bucket=self.bucket, Key=self._key(SAVE_NOW), Body=wish.encode())

    @property
    def bucket(self) -> str:
        """The bucket of the address."""
        return self.uri.removeprefix("s3://").partition("/")[0]

    def _key(self, name: str) -> str:
        prefix = self.uri.removeprefix("s3://").partition("/")[2].strip("/")
        return f"{prefix}/{name}" if prefix else name

    def _remote(self) -> Iterator[tuple[str, int, float]]:
        """Name, bytes and time of change of what the copy holds but for notes; lists of contents come last."""
        start = self._key("")
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=start)
        objects = [found for page in pages for found in page.get("Contents", [])]
        found = [(o["Key"][len(start) :], int(o["Size"]), o["LastModified"].timestamp()) for o in objects]
        own = (entry for entry in found if _mirrored(entry[0]) and not entry[0].endswith("/"))
        return iter(sorted(own, key=lambda entry: _contents_last(entry[0])))

    def _local(self) -> Iterator[tuple[str, Signature]]:
        for root, folders, files in os.walk(self.folder):
            at = Path(root)
            if at == self.folder:
                folders[:] = [name for name in folders if _mirrored(name)]
            for file in files:
                name = (at / file).relative_to(self.folder).as_posix()
                try:
                    if _mirrored(name):
                        yield name, _signature(at / file)
                except OSError:  # it was removed meanwhile
                    continue

    def _send(self, name: str, before: Signature) -> int:
        path = self.folder / name
        try:
            self.s3.upload_file(str(path), self.bucket, self._key(name), Config=_transfer())
            if _signature(path) == before:
                self._sent[name] = before
        except FileNotFoundError:  # rotated away meanwhile
            return 0
        return 1

    def _forget(self, gone: set[str]) -> None:
        """Delete the copies of checkpoints that are here no more, their lists of contents first."""
        for name in sorted(gone, key=_contents_last, reverse=True):
            if is_checkpoint(_top(name)):
                self.s3.delete_object(Bucket=self.bucket, Key=self._key(name))
            self._sent.pop(name, None)


def _transfer() -> Any:
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(multipart_threshold=32 * _MIB, multipart_chunksize=16 * _MIB, max_concurrency=4)


def _signature(path: Path) -> Signature:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino


def _is_current(path: Path, size: int, changed: float, *, once: bool) -> bool:
    """Whether what is here need not come; what is written ``once`` is the same if it is as long."""
    try:
        found = path.stat()
    except OSError:
        return False
    return found.st_mtime > changed or (once and found.st_size == size)


def _top(name: str) -> str:
    return name.partition("/")[0]


def _mirrored(name: str) -> bool:
    """Notes and what is being written or removed begin with a dot."""
    return not name.startswith(".") and _top(name) != NOTES


def _contents_last(name: str) -> tuple[bool, str]:
    return name.endswith(f"/{CONTENTS}"), name
