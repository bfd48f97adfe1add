"""``tideform validate``: check the spec, all environments of it, without cloud and without engine."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, JsonOption, SpecOption
from tideform.errors import ExitCode, SpecError

if TYPE_CHECKING:
    from tideform.diagnostics import Diagnostic
    from tideform.spec.load import Loaded


def command(
    spec: SpecOption = DEFAULT_SPEC, environment: EnvironmentOption = None, as_json: JsonOption = False
) -> None:
    """Check the project spec in all its environments; needs no cloud and no engine."""
    from tideform.operations.code_notes import code_findings
    from tideform.spec.load import validate

    try:
        loaded = validate(spec, environment, also=code_findings)
    except SpecError as error:
        if not as_json:
            raise
        _print_json(error.diagnostics, {}, valid=False)
        raise typer.Exit(ExitCode.ERROR) from None
    if as_json:
        _print_json(loaded.diagnostics, _worst_cases(loaded), valid=True)
    else:
        _print_text(spec, loaded)


def _worst_cases(loaded: Loaded) -> dict[str, str]:
    """What a burst of each pool can cost, in the words of the plan."""
    from tideform.pools.worst_case import worst_case_text

    return {f"training/{name}": worst_case_text(loaded.deployment, name) for name in loaded.deployment.spec.training}


def _print_json(diagnostics: tuple[Diagnostic, ...], worst_cases: Mapping[str, str], *, valid: bool) -> None:
    from tideform.views.diagnostics import as_json

    told = {"valid": valid, "diagnostics": as_json(diagnostics), "worst_cases": dict(worst_cases)}
    typer.echo(json.dumps(told, indent=2))


def _print_text(file: Path, loaded: Loaded) -> None:
    from tideform.views.diagnostics import render, use_color

    if loaded.diagnostics:
        typer.echo(render(loaded.diagnostics, color=use_color(sys.stderr)), err=True)
    spec = loaded.deployment.spec
    parts = [
        _counted(len(spec.storage), "store"),
        _counted(len(spec.training), "training pool"),
        _counted(len(spec.serving), "endpoint"),
        _counted(len(spec.compliance.frameworks), "compliance framework"),
    ]
    where = f"environments: {', '.join(loaded.environments)}"
    typer.echo(f"{file} is valid: project {spec.project}, {', '.join(parts)}; {where}.")
    for pool, worst in _worst_cases(loaded).items():
        typer.echo(f"  {pool}, a burst at most: {worst}")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
