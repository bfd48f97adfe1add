"""``tideform output``: the outputs of the stacks, all or one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, JsonOption, SpecOption, console, load_deployment


def command(
    name: Annotated[
        str | None, typer.Argument(help="One output: storage.buckets, or buckets where that is clear.")
    ] = None,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the outputs of the stacks. One text output is printed bare, for scripts."""
    from tideform.engine.backend import Backend
    from tideform.views import outputs as view
    from tideform.views.json_plan import known, write_json
    from tideform.views.lines import emit, neutral

    values = view.named(Backend.of(load_deployment(spec, environment)).outputs())
    if name is None:
        if as_json:
            write_json(view.outputs_json(values))
        else:
            emit(view.output_lines(values), console())
        return
    value = pick(values, name)
    if as_json:
        write_json(known(value))
    elif isinstance(value, str):
        typer.echo(neutral(value) if console().is_terminal else value)
    else:
        emit(view.output_lines({name: value}), console())


def pick(values: Mapping[str, Any], name: str) -> Any:
    """The output of that full name, or the only one whose last part it is. Raises `RefusedError`."""
    from tideform.errors import RefusedError
    from tideform.spec.suggest import did_you_mean

    if name in values:
        return values[name]
    found = [full for full in values if full.rpartition(".")[2] == name]
    if len(found) == 1:
        return values[found[0]]
    if found:
        raise RefusedError.of(
            "TD354",
            "Several outputs have this name",
            detail=f"{name} is an output of {len(found)} stacks.",
            fix=f"Use one of {', '.join(found)}.",
        )
    raise RefusedError.of(
        "TD355",
        "There is no such output",
        detail=f"No stack that stands has an output {name}.",
        fix=did_you_mean(name, list(values)) or "`tideform output` lists them; `tideform apply` makes them.",
    )
