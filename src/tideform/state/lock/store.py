"""Where a lock's record is kept: in a folder, or in a bucket. Both change it in one step or not at all."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Protocol

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import CloudError
from tideform.files import read_plain
from tideform.flock import StillHeldError, exclusive
from tideform.state.lock.record import Record, from_json, to_json, unreadable
from tideform.state.lock.words import stopped_while_writing

ENGINE_LOCKS = ".pulumi/locks/"  # the engine's own, one file a stack; source: pulumi/pulumi, pkg/backend/diy/lock.go
_LARGEST = 16 * 1024**2  # bytes of a record; a thousand holders are a hundredth
_PATIENCE = 30.0  # seconds; a record is written in milliseconds, so whoever takes longer has been stopped
_CONFLICTS = 100  # each means that somebody else got further, so this many only come of a store that is broken

Change = Callable[[Record], Record]


class Store(Protocol):
    """One lock's record, and beside it the engine's own locks in the same backend."""

    def read(self) -> Record:
        """The record as it stands."""
        ...

    def update(self, change: Change) -> Record:
        """Replace the record by ``change(record)`` in one step; what ``change`` raises leaves it as it was."""
        ...

    def now(self) -> float:
        """Seconds since the epoch, by a clock that all users of this store share."""
        ...

    def engine_locks(self) -> Iterator[tuple[str, bytes]]:
        """The engine's own lock files: key and contents."""
        ...

    def remove(self, key: str) -> None:
        """Remove one of them; harmless if it is gone."""
        ...


@dataclass(frozen=True)
class FolderStore:
    """A record in a file, changed under a lock of the kernel; ``state`` is the engine's backend folder."""

    file: Path
    state: Path

    def update(self, change: Change) -> Record:
        guard = self.file.with_name(f".{self.file.name}.guard")
        try:
            with exclusive(guard, words=f"process {os.getpid()}", patience=_PATIENCE):
                return self._write(change(self.read()))
        except StillHeldError as error:
            raise stopped_while_writing(str(self.file), str(error), _PATIENCE) from error

    def _write(self, record: Record) -> Record:
        temporary = self.file.with_name(f".{self.file.name}.new")
        with temporary.open("w", encoding="utf-8") as file:
            file.write(to_json(record))
            file.flush()
            os.fsync(file.fileno())  # the token must not go back after a power cut
        temporary.replace(self.file)
        return record

    def read(self) -> Record:
        try:
            data = read_plain(self.file, _LARGEST)
        except FileNotFoundError:
            return Record()
        except OSError as error:
            raise unreadable(f"{self.file}: {error.strerror}") from error
        return from_json(data.decode(errors="replace"))

    def now(self) -> float:
        return time.time()

    def engine_locks(self) -> Iterator[tuple[str, bytes]]:
        for path in sorted((self.state / ENGINE_LOCKS).rglob("*.json")):
            try:
                yield str(path), path.read_bytes()
            except FileNotFoundError:
                continue  # the engine has just let go of it

    def remove(self, key: str) -> None:
        Path(key).unlink(missing_ok=True)


@dataclass
class BucketStore:
    """A record in an object, changed by conditional writes (S3 ``If-None-Match`` and ``If-Match``).

    ``prefix`` is that of the engine's backend, with its slash. Source: S3 user guide, 'Conditional writes'.
    """

    client: Any
    bucket: str
    key: str
    prefix: str
    _ahead: float = field(default=0.0, repr=False)  # S3's clock minus ours, in seconds

    def update(self, change: Change) -> Record:
        for _ in range(_CONFLICTS):
            text, condition = self._get()
            record = change(from_json(text))
            if self._put(to_json(record), condition):
                return record
        raise TimeoutError(f"s3://{self.bucket}/{self.key} changed {_CONFLICTS} times while it was written")

    def read(self) -> Record:
        return from_json(self._get()[0])

    def now(self) -> float:
        return time.time() + self._ahead

    def engine_locks(self) -> Iterator[tuple[str, bytes]]:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix + ENGINE_LOCKS
        )
        for entry in (entry for page in pages for entry in page.get("Contents", ())):
            yield entry["Key"], self.client.get_object(Bucket=self.bucket, Key=entry["Key"])["Body"].read()

    def remove(self, key: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=key)

    def _get(self) -> tuple[str, dict[str, str]]:
        """The text, and the condition under which it may be replaced."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=self.key)
        except self.client.exceptions.NoSuchKey:
            return "", {"IfNoneMatch": "*"}
        except (BotoCoreError, ClientError) as error:
            raise self._unreachable(error) from error
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        if date:
            self._ahead = parsedate_to_datetime(date).timestamp() - time.time()
        return answer["Body"].read().decode(errors="replace"), {"IfMatch": answer["ETag"]}

    def _put(self, text: str, condition: dict[str, str]) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.client.put_object(Bucket=self.bucket, Key=self.key, Body=text.encode(), **condition)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (404, 409, 412):
                return False  # somebody else was first
            raise self._unreachable(error) from error
        except BotoCoreError as error:
            raise self._unreachable(error) from error
        return True

    def _unreachable(self, error: Exception) -> CloudError:
        return CloudError(
            Diagnostic(
                "TD414",
                Severity.ERROR,
                "The lock's record cannot be reached",
                detail=f"s3://{self.bucket}/{self.key}: {error}. Without the lock nothing may be changed.",
                fix="`tideform bootstrap` makes the state bucket; credentials need to read and write below it.",
            )
        )
