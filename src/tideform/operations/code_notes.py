"""What is to be said of the folders of code that a spec names, before anything is sent: no cloud is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tideform.burst.code import Looked, looked_through
from tideform.burst.code_files import files_of
from tideform.burst.code_secrets import some
from tideform.burst.code_size import too_much
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import TideformError
from tideform.pools.unattended import starter_key
from tideform.spec.deployment import Deployment
from tideform.spec.folders import what_is_wrong


def code_findings(deployment: Deployment) -> Iterator[Diagnostic]:
    """All that a burst would refuse of every ``job.code``, or leave here; folders outside are told elsewhere."""
    looked: dict[Path, Looked] = {}
    for name, pool in deployment.spec.training.items():
        if (folder := _folder(deployment, name)) is None:
            continue
        path, starts = f"training.{name}.job.code", bool(starter_key(pool))
        if folder not in looked:
            looked[folder] = looked_through(
                folder, project=deployment.spec_file.parent, allowed=deployment.spec.not_secrets
            )
        found = looked[folder]
        yield from (_placed(problem, path) for problem in found.problems)
        yield from (_stays(line, path) for line in found.left)
        if starts and not found.problems:
            yield from (_placed(problem, path) for problem in too_much(name, found))


def left_notes(deployment: Deployment, *, unit: str | None = None) -> Iterator[Diagnostic]:
    """What of its code a job that starts by itself is not given, though nothing ignores it; of one pool by ``unit``."""
    for name, pool in deployment.spec.training.items():
        if unit not in (None, name) or not starter_key(pool) or (folder := _folder(deployment, name)) is None:
            continue
        try:
            left = files_of(folder, deployment.spec_file.parent).left
        except TideformError:  # its program says so, and is not planned
            continue
        yield from (_stays(f"{why}: {some(names)}", f"training.{name}.job.code") for why, names in left.items())


def _folder(deployment: Deployment, name: str) -> Path | None:
    code, root = deployment.spec.training[name].job.code, deployment.spec_file.parent
    return None if code is None or what_is_wrong(root, code, "code") else root / code


def _placed(problem: Diagnostic, path: str) -> Diagnostic:
    return Diagnostic(problem.code, problem.severity, problem.summary, problem.detail, problem.fix, path=path)


def _stays(line: str, path: str) -> Diagnostic:
    return Diagnostic(
        "TD691",
        Severity.NOTE,
        "A part of the code stays here",
        f"Not sent, {line}.",
        "Put into the folder what the job needs, or name the rest in .tideformignore.",
        path=path,
    )
