"""Asking before something happens that somebody may not want."""

from __future__ import annotations

import sys
from typing import Final

import typer

from tideform.errors import RefusedError

_PLAN_FIRST: Final = "Look at the plan first (`tideform plan --out FILE`, `tideform apply FILE`), or give --yes."


def confirm(question: str, *, expected: str = "yes", instead: str = _PLAN_FIRST) -> None:
    """Ask once; only the expected word goes on, everything else is `typer.Abort`.

    ``instead`` says what those do who cannot be asked. Raises `RefusedError` where nobody sits at a terminal.
    """
    if not sys.stdin.isatty():
        raise RefusedError.of(
            "TD352",
            "Nobody is there to be asked",
            detail=f"{question} This needs an answer, and the input is not a terminal.",
            fix=instead,
        )
    typer.echo(f"\n{question}\n  Only '{expected}' will be accepted.\n")
    try:
        answer = input("  Enter a value: ")
    except EOFError:
        answer = ""
    typer.echo()
    if answer.strip() != expected:
        raise typer.Abort
