"""How much code a job that starts by itself can take along. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from tideform.burst.code import Looked
from tideform.diagnostics import Diagnostic, Severity

LIMIT = 1024 * 1024  # bytes of the archive, not compressed: the state holds the package, too


def too_much(name: str, looked: Looked) -> Iterator[Diagnostic]:
    """TD174 where a folder is too large for what starts the job; what goes besides (a tenth of it) is not in it."""
    yield from too_large(name, sum(len(data) for data, _ in looked.contents.values()))


def too_large(name: str, size: int) -> Iterator[Diagnostic]:
    """TD174 where so many bytes are too many."""
    if size <= LIMIT:
        return
    yield Diagnostic(
        "TD174",
        Severity.ERROR,
        "The code is too large to start by itself",
        detail=f"job.code of {name} is {size / LIMIT:.1f} MiB; what starts it keeps 1 MiB.",
        fix="Put data into a store, name what is not needed in .tideformignore, or build the code into the image.",
    )
