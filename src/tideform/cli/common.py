"""Options that several commands share, and the first step of nearly all: loading the spec."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli import completing
from tideform.diagnostics import Severity

if TYPE_CHECKING:
    from rich.console import Console

    from tideform.diagnostics import Diagnostic
    from tideform.spec.deployment import Deployment
    from tideform.spec.project import Environment


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


def load_deployment(spec: Path, environment: str | None, *, quiet: bool = False) -> Deployment:
    """The spec in one environment; warnings go to stderr. Raises `SpecError` with every problem.

    Notes are left to `validate` and the plan: they would stand before every output, over and over. ``quiet`` leaves
    warnings to them as well, for commands that bring nothing.
    """
    from tideform.spec.load import load

    loaded = load(spec, environment)
    if not quiet:
        tell([d for d in loaded.diagnostics if d.severity is not Severity.NOTE])
    return loaded.deployment


def load_ending(spec: Path, environment: str | None, *, quiet: bool = False) -> Deployment:
    """The same for commands that look at what stands or end it.

    They work in an environment that the spec no longer has as well, where a folder of state tells of it (TD420); what
    the environment overrode in the spec is then forgotten.
    """
    from tideform.errors import SpecError
    from tideform.spec.load import load

    try:
        return load_deployment(spec, environment, quiet=quiet)
    except SpecError as error:
        left = _left(spec, environment) if {one.code for one in error.diagnostics} == {"TD110"} else {}
        if not left:
            raise
    return load(spec, environment, left).deployment


def _left(spec: Path, environment: str | None) -> dict[str, Environment]:
    from tideform.spec.load import validate
    from tideform.state.left_behind import local_environment

    known = validate(spec).deployment
    found = local_environment(known, environment or "")
    return {one.environment: one.settings for one in found if one.project == known.spec.project}


def load_standing(spec: Path, environment: str | None, *, brings: bool = False) -> Deployment:
    """The same for commands on bursts: nothing of it stands elsewhere. Warnings are told where capacity comes.

    A state that cannot be read is told, and holds up no end of a burst. Raises `RefusedError` as `require_fit` does.
    """
    from tideform.engine.fit import checked_backend
    from tideform.errors import CloudError
    from tideform.operations.astray import refuse_anothers_table

    deployment = load_deployment(spec, environment) if brings else load_ending(spec, environment, quiet=True)
    try:
        refuse_anothers_table(deployment, checked_backend(deployment))
    except CloudError as unread:
        tell([replace(each, severity=Severity.WARNING) for each in unread.diagnostics])
    return deployment


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
