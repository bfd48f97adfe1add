"""Options that several commands share, and the first step of nearly all: loading the spec."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli import completing

if TYPE_CHECKING:
    from rich.console import Console

    from tideform.diagnostics import Diagnostic
    from tideform.spec.deployment import Deployment


def _no_color(wanted: bool) -> bool:
    """Set the variable that every view, and every child process, looks at."""
    if wanted:
        os.environ["NO_COLOR"] = "1"
    return wanted


SpecOption = Annotated[Path, typer.Option("--spec", help="The project spec.", metavar="FILE")]
EnvironmentOption = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        envvar="TIDEFORM_ENVIRONMENT",
        help="The environment; needed where the spec has several and not exactly one is local.",
        metavar="NAME",
        autocompletion=completing.environments,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Show every input of each resource.")]
NoColorOption = Annotated[
    bool, typer.Option("--no-color", callback=_no_color, help="No colours; NO_COLOR does the same.")
]

DEFAULT_SPEC = Path("tideform.yaml")


def load_deployment(spec: Path, environment: str | None) -> Deployment:
    """The spec in one environment; warnings go to stderr. Raises `SpecError` with every problem.

    Notes are left to `validate` and the plan: they would stand before every output, over and over.
    """
    from tideform.diagnostics import Severity
    from tideform.spec.load import load

    loaded = load(spec, environment)
    tell([d for d in loaded.diagnostics if d.severity is not Severity.NOTE])
    return loaded.deployment


def tell(found: Sequence[Diagnostic]) -> None:
    """Print diagnostics that stop nothing, on stderr."""
    from tideform.views.diagnostics import render, use_color

    if found:
        typer.echo(render(list(found), color=use_color(sys.stderr)), err=True)


def console(*, stderr: bool = False) -> Console:
    """The console that views write to; it follows NO_COLOR, and is plain where nobody looks."""
    from rich.console import Console

    seen = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, highlight=False, soft_wrap=True, force_interactive=seen)
