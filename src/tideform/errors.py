"""The exceptions that tideform raises on purpose, and the exit codes they become.

::

    TideformError                 anything a user can act on; carries its diagnostics
    ├── SpecError                 the project spec is wrong (exit 1)
    ├── EngineError               the Pulumi engine could not be had, or failed (exit 1)
    ├── CloudError                a cloud API refused (exit 1)
    ├── SandboxError              the local target's sandbox is missing, gone or foreign (exit 1)
    ├── RefusedError              we will not go on: stale plan, wrong account, data at risk (exit 1)
    ├── LockedError               another run holds the lock (exit 4)
    ├── LeftoversError            a receipt was not empty (exit 3)
    └── InterruptedRunError       Ctrl-C or SIGTERM, after cleaning up (exit 130)

Only ``cli/`` turns them into an exit; nothing else calls ``sys.exit``.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import ClassVar, Self

from tideform.diagnostics import Diagnostic, Severity


class ExitCode(IntEnum):
    """Stable exit codes; ``docs/reference/exit-codes.md`` explains them to users."""

    OK = 0
    ERROR = 1
    CHANGES = 2
    LEFTOVERS = 3
    LOCKED = 4
    INTERRUPTED = 130

    @property
    def beside_a_jobs(self) -> int:
        """The code that it is where a command hands a job's own code on: 100 more, to be told apart from those."""
        return self if self >= _OURS else self + _OURS


_OURS = 100


class TideformError(Exception):
    """An error with everything its reader needs, as one or more diagnostics.

    A job's own exit code (``burst run``) is not an error of ours and is not raised.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.ERROR

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]) -> None:
        found = [diagnostics] if isinstance(diagnostics, Diagnostic) else list(diagnostics)
        self.diagnostics: tuple[Diagnostic, ...] = tuple(found)
        super().__init__("; ".join(d.summary for d in self.diagnostics))

    @classmethod
    def of(cls, code: str, summary: str, *, detail: str = "", fix: str = "") -> Self:
        """Build the error from its words, for problems that have no place in a file."""
        return cls(Diagnostic(code, Severity.ERROR, summary, detail=detail, fix=fix))


class BrokenRecord(TideformError):  # noqa: N818  # a mark on errors of several kinds
    """What is kept somewhere is there and cannot be read: asking again helps nothing."""


class SpecError(TideformError):
    """The project spec cannot be used."""


class EngineError(TideformError):
    """The Pulumi engine is missing, unusable, or failed."""


class CloudError(TideformError):
    """A cloud API refused, or is not emulated by the sandbox."""


class SandboxError(TideformError):
    """The sandbox of the local target is missing, gone, or not ours."""


class RefusedError(TideformError):
    """Going on would break a promise: a stale plan, the wrong account, data that nobody named."""


class LockedError(TideformError):
    """Another live run holds the lock."""

    exit_code = ExitCode.LOCKED


class LeftoversError(TideformError):
    """Something that costs money is left behind; the receipt lists it."""

    exit_code = ExitCode.LEFTOVERS


class TerminatedError(KeyboardInterrupt):
    """SIGTERM, unwinding like Ctrl-C; but unlike it, no terminal has told the child processes."""


class InterruptedRunError(TideformError):
    """The user, or the machine, asked the run to stop."""

    exit_code = ExitCode.INTERRUPTED
