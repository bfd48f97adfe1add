"""``tideform doctor``: what is installed, what is missing, and how to get it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from tideform.cli.common import DEFAULT_SPEC, JsonOption, SpecOption
from tideform.errors import ExitCode

InstallOption = Annotated[bool, typer.Option("--install", help="Get the Pulumi engine if it is missing.")]


def command(spec: SpecOption = DEFAULT_SPEC, as_json: JsonOption = False, install: InstallOption = False) -> None:
    """Say what is installed, what is missing, and how to get it.

    Asks no network unless told to install, but for the API of an existing cluster that the spec names.

    Exits with 1 if something is missing that every target needs; the last line says for which targets it is ready.
    """
    from tideform.backends.training.eks.examine import cluster_checks
    from tideform.operations.doctor import checks, healthy
    from tideform.views.doctor import as_data, render

    if install:
        _install()
    found = [*checks(Path(spec).absolute().parent), *cluster_checks(Path(spec).absolute())]
    typer.echo(json.dumps(as_data(found), indent=2) if as_json else render(found))
    if not healthy(found):
        raise typer.Exit(ExitCode.ERROR)


def _install() -> None:
    from tideform.engine.acquire import acquire
    from tideform.views.installing import InstallView

    view = InstallView(sys.stderr)
    try:
        acquire(view)
    finally:
        view.close()
