"""Where a run's code and checkpoints are, asked of S3: sending an archive, naming a run, finding an earlier one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tideform.burst.code import Archive
from tideform.burst.runner import refused
from tideform.cloud import Cloud
from tideform.components.storage.burst_places import bursts_bucket, checkpoints_uri, code_key
from tideform.errors import RefusedError
from tideform.spec.deployment import Deployment

LAST = "last"


@dataclass(frozen=True)
class Places:
    """The bursts' bucket of one deployment."""

    cloud: Cloud
    deployment: Deployment

    def send(self, archive: Archive) -> str:
        """Upload an archive and return its address. Raises `RefusedError` TD673 where foundation has made no bucket."""
        bucket, key = bursts_bucket(self.deployment), code_key(archive.digest)
        s3 = self.cloud.client("s3")
        self._ask(lambda: s3.put_object(Bucket=bucket, Key=key, Body=archive.data, ContentType="application/gzip"))
        return f"s3://{bucket}/{key}"

    def checkpoints(self, pool: str, run: str) -> str:
        """The address of a run's checkpoints."""
        return f"{checkpoints_uri(self.deployment, pool)}/{run}"

    def runs(self, pool: str) -> list[str]:
        """The runs of a pool that have checkpoints, oldest first."""
        bucket, _, prefix = checkpoints_uri(self.deployment, pool).removeprefix("s3://").partition("/")
        pages = self.cloud.client("s3").get_paginator("list_objects_v2")
        found = self._ask(lambda: list(pages.paginate(Bucket=bucket, Prefix=f"{prefix}/", Delimiter="/")))
        names = [one["Prefix"][len(prefix) + 1 : -1] for page in found for one in page.get("CommonPrefixes", [])]
        return sorted(names)

    def earlier(self, pool: str, wanted: str) -> str:
        """An earlier run by its name, or the ``last`` one. Raises `RefusedError` TD674 if there is none."""
        runs = self.runs(pool)
        if wanted == LAST and runs:
            return runs[-1]
        if wanted in runs:
            return wanted
        raise RefusedError.of(
            "TD674",
            "There is no such run to resume",
            detail=f"{pool} has no checkpoints of {'any run' if wanted == LAST else f'a run {wanted!r}'}.",
            fix=f"Runs with checkpoints: {', '.join(runs[-5:]) or 'none'}. They are kept for a month.",
        )

    def _ask(self, call: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return call()
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise refused(str(error)) from error
            raise RefusedError.of(
                "TD673",
                "The bucket of bursts is not there",
                detail=f"Code and checkpoints of a burst go to {bursts_bucket(self.deployment)}.",
                fix="Run `tideform apply` first: the foundation layer makes it.",
            ) from error
        except BotoCoreError as error:
            raise refused(str(error)) from error


def new_run() -> str:
    """A name for a run: its names sort by their time."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
