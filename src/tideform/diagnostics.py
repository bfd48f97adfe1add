"""Findings with a place, a reason and a remedy: what every check in tideform speaks in.

A diagnostic has a constant *summary* (so that it can be searched for), a *detail* that says what is wrong here
and why it matters, and a *fix*. ``views`` renders them; nothing in this module prints.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is. Only errors stop a command."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, order=True)
class Location:
    """A place in a file. Lines and columns count from 1; ``end_column`` is exclusive."""

    file: str
    line: int
    column: int
    end_column: int | None = None
    text: str = field(default="", compare=False)  # the offending line, without its line end

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Diagnostic:
    """One finding.

    ``code`` is stable: TD0xx reading the file, TD1xx its meaning, TD2xx catalogue, TD3xx plan and apply,
    TD4xx engine and state, TD5xx sandbox, TD6xx burst, TD7xx compliance controls.
    """

    code: str
    severity: Severity
    summary: str
    detail: str = ""
    fix: str = ""
    location: Location | None = None
    path: str = ""  # where in the spec: ``training.nightly.lease``


def errors_in(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics that stop a command."""
    return [d for d in diagnostics if d.severity is Severity.ERROR]
