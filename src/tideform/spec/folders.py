"""Folders that a spec names: what a burst packs and sends has to lie beside the spec, whatever links stand there.

A spec is not trusted here: one from elsewhere must not make a burst upload somebody's home.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tideform.diagnostics import Diagnostic
from tideform.spec.subject import Subject


def folders(subject: Subject) -> Iterator[Diagnostic]:
    """Every ``job.code`` and ``job.build`` that leads out of the project, or nowhere."""
    root = subject.deployment.spec_file.parent
    for name, pool in subject.spec.training.items():
        for key, folder in (("code", pool.job.code), ("build", pool.job.build)):
            if folder is not None and (reason := what_is_wrong(root, folder, key)):
                yield subject.problem("TD152", ("training", name, "job", key), reason, fix="Name one beside the spec.")


def what_is_wrong(root: Path, folder: str, key: str) -> str:
    """Why this is no folder to send; nothing if it is one."""
    try:
        found = (root / folder).resolve()
        if not found.is_relative_to(root.resolve()):
            return f"{folder!r} leads out of the spec's folder, and what it leads to would be sent to the cloud."
        if not found.is_dir():
            return f"There is no folder {folder!r} beside the spec."
        if key == "build" and not (found / "Dockerfile").resolve().is_relative_to(found):
            return f"The Dockerfile in {folder!r} leads out of the folder."
        if key == "build" and not (found / "Dockerfile").is_file():
            return f"There is no Dockerfile in {folder!r}."
    except (OSError, RuntimeError) as error:  # a circle of links, or no right to look
        return f"{folder!r} cannot be looked at: {error}."
    return ""
