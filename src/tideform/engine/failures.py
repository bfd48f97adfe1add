"""The engine's failures in the words of a diagnostic: what it said of which resource, and never a traceback."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import EngineError
from tideform.model.planned import address_of

if TYPE_CHECKING:
    from pulumi.automation.events import EngineEvent

    from tideform.model.engine import Program


@contextmanager
def engine_failure(program: Program, seen: Sequence[EngineEvent]) -> Iterator[None]:
    """Turn the Automation API's errors into `EngineError`, one diagnostic for each thing that failed."""
    from pulumi.automation import CommandError

    try:
        yield
    except CommandError as error:
        found = list(_diagnostics(program, seen))
        raise EngineError(found or [_unexplained(program, str(error))]) from error
    except RuntimeError as error:  # the Automation API's word for an engine that ended before its summary
        raise EngineError([*_diagnostics(program, seen), _unexplained(program, str(error))]) from error


# What the engine adds when something else has failed already: its closing words, and each step it did not come to.
_ECHOES = ("update failed", "preview failed", "expected resource operations for")


def _diagnostics(program: Program, seen: Sequence[EngineEvent]) -> Iterator[Diagnostic]:
    notes = [event.diagnostic_event for event in seen if event.diagnostic_event]
    errors = {(_plain(note.message), note.urn) for note in notes if note.severity == "error"} - {("", None)}
    causes = {(text, urn) for text, urn in errors if not text.startswith(_ECHOES)}
    for text, urn in sorted(causes or errors, key=str):
        if owners := sorted(set(_CONFLICT.findall(text))):
            yield _conflict(f"{_subject(program, urn)}: {text}", owners)
            continue
        yield Diagnostic(
            "TD404",
            Severity.ERROR,
            "The engine could not do what was asked",
            detail=f"{_subject(program, urn)}: {text}",
            fix="Mend the cause and run the command again: it goes on where this one stopped.",
        )


# How an API server tells of a field that was changed outside of us, and who has it now.
# https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
_CONFLICT = re.compile(r'conflicts? with "([^"]+)"')


def _conflict(detail: str, owners: Sequence[str]) -> Diagnostic:
    return Diagnostic(
        "TD666",
        Severity.ERROR,
        "Somebody else has a field of an object",
        detail=f"{detail}. It belongs to {', '.join(owners)} since it was changed there.",
        fix="Undo that change there, or take the field back: `--force-conflicts` of `tideform apply` or `burst run`.",
    )


def _unexplained(program: Program, words: str) -> Diagnostic:
    stderr = re.search(r"stderr: (.*)", words, re.DOTALL)
    return Diagnostic(
        "TD402",
        Severity.ERROR,
        "The engine stopped without a reason of its own",
        detail=f"{program.key}: {_plain(stderr[1] if stderr else words)}",
        fix="Run the command again; if it stays, `tideform doctor` tells what the engine lacks.",
    )


def _subject(program: Program, urn: str | None) -> str:
    return address_of(program.key, urn) if urn else program.key


def _plain(text: str) -> str:
    """Without the engine's colour marks (``<{%reset%}>``), escapes and tracebacks."""
    text = re.sub(r"<\{%.*?%\}>|\x1b\[[0-9;]*m", "", text)
    return text.split("\nTraceback (most recent call last)")[0].split(":\n  File ")[0].strip()
