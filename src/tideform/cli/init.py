"""``tideform init``: start a project from a blueprint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where the project goes.")] = Path(),
    blueprint: Annotated[
        str, typer.Option("--blueprint", "-b", metavar="NAME", help="The blueprint to start from.")
    ] = "quickstart",
    name: Annotated[str | None, typer.Option("--name", metavar="PROJECT", help="The project's name.")] = None,
    list_only: Annotated[bool, typer.Option("--list", help="List the blueprints, and do nothing.")] = False,
) -> None:
    """Start a project from a blueprint: a complete spec with the code that it runs.

    Files that are already there are never overwritten.
    """
    from tideform.spec.blueprints import available, start

    if list_only:
        for found in available():
            typer.echo(f"{found.name:<20} {found.summary}")
        return
    for file in start(folder, blueprint, name):
        typer.echo(f"  wrote {file}")
    typer.echo(_next_steps(folder))


def _next_steps(folder: Path) -> str:
    steps = [
        "tideform validate     check the spec",
        "tideform plan         see what it would make, and what that costs",
        "tideform apply        make it; the environment dev is local and needs no account",
        "README.md             what comes then: the data that the job needs, and a burst",
    ]
    enter = [] if folder == Path() else [f"cd {folder}"]
    return "\n".join(["", "Next:", *(f"  {step}" for step in (*enter, *steps))])
