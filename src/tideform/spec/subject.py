"""What the checks of the spec's meaning look at: the typed spec of one environment, and where it was written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tideform.diagnostics import Diagnostic, Severity
from tideform.spec.deployment import Deployment
from tideform.spec.nodes import Node, Path, entry_key
from tideform.spec.problems import problem
from tideform.spec.project import Project
from tideform.spec.source import Source
from tideform.spec.suggest import did_you_mean, one_of


@dataclass(frozen=True)
class Subject:
    """A deployment with its nodes. A check is a function of it that yields diagnostics."""

    deployment: Deployment
    source: Source
    root: Node

    @property
    def spec(self) -> Project:
        return self.deployment.spec

    def problem(
        self,
        code: str,
        path: Path,
        detail: str,
        *,
        fix: str = "",
        key: bool = False,
        severity: Severity = Severity.ERROR,
    ) -> Diagnostic:
        """A diagnostic at the place of a path: at its value, or with ``key`` at its last key."""
        return at(self.source, self.root, code, path, detail, fix=fix, key=key, severity=severity)

    def given(self, path: Path) -> bool:
        """Whether the path stands in the file, and is not just a default."""
        return entry_key(self.root, path) is not None

    def placed(self, found: Diagnostic) -> Diagnostic:
        """A diagnostic that only has a path, at the place of that path."""
        path: Path = tuple(int(step) if step.isdigit() else step for step in found.path.split("."))
        return replace(found, location=self.source.location(self.root.locate(path)), path=dotted(path))

    @staticmethod
    def as_warning(found: Diagnostic) -> Diagnostic:
        """The diagnostic as one that stops nothing."""
        return replace(found, severity=Severity.WARNING)

    def unknown(self, code: str, path: Path, word: object, known: Iterable[str], what: str) -> Diagnostic:
        """A diagnostic for a word that has to be one of the known ones."""
        known = sorted(known)
        detail = f"{word!r} is no {what}; there is {one_of(known)}." if known else f"There is no {what} at all."
        fix = did_you_mean(word, known) or (f"Write {one_of(known)}." if known else f"Add a {what}, or remove the key.")
        return self.problem(code, path, detail, fix=fix)

    def unlike(self, code: str, path: Path, word: str, known: Iterable[str], what: str) -> Diagnostic:
        """As `unknown`, where the known words are too many to be listed."""
        fix = (
            did_you_mean(word, known) or "Write it as AWS calls it, and look at its documentation for those there are."
        )
        return self.problem(code, path, f"{word!r} {what}", fix=fix)


def at(
    source: Source,
    root: Node,
    code: str,
    path: Path,
    detail: str,
    *,
    fix: str = "",
    key: bool = False,
    severity: Severity = Severity.ERROR,
) -> Diagnostic:
    """A diagnostic at the place of a path in a tree of nodes."""
    location = source.location(root.locate(path, key=key))
    return problem(code, detail, fix=fix, location=location, path=dotted(path), severity=severity)


def dotted(path: Path) -> str:
    """A path as people write it: ``monitoring.notify[0].email``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
