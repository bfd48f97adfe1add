"""What a burst that begins by itself takes along: code and helper in its starter's package, the command wrapped.

As `burst.sending` does it for a burst that somebody begins, but at the apply: the starter has no folder to pack. It
sends the archive anew with every burst, since the bucket forgets after a month, and compresses it there: zlib's output
differs between machines, and a plan must not.
"""

from __future__ import annotations

import gzip
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tideform.burst.bootstrap import HELPER, started
from tideform.burst.code import Looked, pack
from tideform.burst.sending import MIRRORED_BY_BACKEND, WRAP, helper
from tideform.components.burst_places import bursts_bucket, checkpoints_uri, code_key
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import RefusedError
from tideform.spec.deployment import Deployment

ARCHIVE = "archive.b64"  # in the package, which is of texts; `burst.reaper.starter` looks there
LIMIT = 1024 * 1024  # bytes of the archive, not compressed: the state holds the package, too


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
        command = command if pool.backend in MIRRORED_BY_BACKEND else (*WRAP, *command)
        plan["checkpoints"] = {"uri": checkpoints_uri(deployment, name), "every": str(pool.checkpoint.every.seconds)}
    words, variables = started(command, "", "", stay=code is None)
    plan["environment"] = {key: value for key, value in variables.items() if value}
    return Carried(words, plan, {ARCHIVE: b64encode(archive).decode()})


def too_much(name: str, looked: Looked) -> Iterator[Diagnostic]:
    """TD174 where a folder is too large for what starts the job; what goes besides (a tenth of it) is not in it."""
    yield from _too_large(name, sum(len(data) for data, _ in looked.contents.values()))


def _check(name: str, archive: bytes) -> None:
    if found := list(_too_large(name, len(archive))):
        raise RefusedError(found)


def _too_large(name: str, size: int) -> Iterator[Diagnostic]:
    if size <= LIMIT:
        return
    yield Diagnostic(
        "TD174",
        Severity.ERROR,
        "The code is too large to start by itself",
        detail=f"job.code of {name} is {size / LIMIT:.1f} MiB; what starts it keeps 1 MiB.",
        fix="Put data into a store, name what is not needed in .tideformignore, or build the code into the image.",
    )
