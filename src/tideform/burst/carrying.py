"""What a burst that begins by itself takes along: code and helper in its starter's package, the command wrapped.

As `burst.sending` does it for a burst that somebody begins, but at the apply: the starter has no folder to pack. It
sends the archive anew with every burst, since the bucket forgets after a month, and compresses it there: zlib's output
differs between machines, and a plan must not.
"""

from __future__ import annotations

import gzip
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

from tideform.burst.bootstrap import HELPER, started
from tideform.burst.code import pack
from tideform.burst.code_size import too_large
from tideform.burst.sending import helper, wrapped
from tideform.components.storage.burst_places import bursts_bucket, checkpoints_uri, code_key
from tideform.errors import RefusedError
from tideform.spec.deployment import Deployment

ARCHIVE = "archive.b64"  # in the package, which is of texts; `reaper.starter` looks there


@dataclass(frozen=True)
class Carried:
    """The command to run, what the starter's plan says of it besides, and files of its package."""

    command: tuple[str, ...]
    plan: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


def carried(deployment: Deployment, name: str) -> Carried:
    """What a pool's own job takes along. Raises what `pack` raises, and `RefusedError` TD174 for too much code."""
    pool = deployment.spec.training[name]
    code, command = pool.job.code, pool.job.command
    if code is None and pool.checkpoint is None:
        return Carried(command)
    project = deployment.spec_file.parent
    folder, allowed = None if code is None else project / code, deployment.spec.not_secrets
    packed = pack(folder, {HELPER: helper()}, project=project, allowed=allowed)
    archive = gzip.decompress(packed.data)
    _check(name, archive)
    plan: dict[str, Any] = {"code": {"bucket": bursts_bucket(deployment), "key": code_key("{digest}")}}
    if pool.checkpoint is not None:
        command = wrapped(pool, command)
        plan["checkpoints"] = {"uri": checkpoints_uri(deployment, name), "every": str(pool.checkpoint.every.seconds)}
    words, variables = started(command, "", "", stay=code is None)
    plan["environment"] = {key: value for key, value in variables.items() if value}
    return Carried(words, plan, {ARCHIVE: b64encode(archive).decode()})


def _check(name: str, archive: bytes) -> None:
    if found := list(too_large(name, len(archive))):
        raise RefusedError(found)
