"""``tideform output``: the outputs of the stacks, all or one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from tideform.cli import completing
from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, JsonOption, SpecOption, console, load_ending


def command(
    name: Annotated[
        str | None,
        typer.Argument(
            help="One output, or a part of it: storage.buckets, buckets where that is clear, storage.buckets.models.",
            autocompletion=completing.outputs,
        ),
    ] = None,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the outputs of the stacks. One text or number is printed bare, for scripts."""
    from tideform.engine.fit import checked_backend
    from tideform.views import outputs as view
    from tideform.views.json_plan import known, write_json
    from tideform.views.lines import emit, neutral

    values = view.named(checked_backend(load_ending(spec, environment, quiet=True)).outputs())
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
        typer.echo(neutral(value) if sys.stdout.isatty() else value)
    elif isinstance(value, int | float):
        typer.echo(json.dumps(value))
    else:
        emit(view.output_lines({name: value}), console())


def pick(values: Mapping[str, Any], name: str) -> Any:
    """The output of that full name, or the only one whose last part it is; or what stands in it below a dot.

    Raises `RefusedError`.
    """
    from tideform.errors import RefusedError
    from tideform.spec.suggest import did_you_mean

    found = {full: rest for full in values for rest in _below(full, name)} or {
        full: rest for full in values for rest in _below(full.rpartition(".")[2], name)
    }
    if len(found) == 1:
        ((full, rest),) = found.items()
        return _part(values[full], full, rest)
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


def _below(output: str, name: str) -> Iterator[tuple[str, ...]]:
    """The steps that lead from an output to a name that stands in it; nothing if it does not."""
    if name == output:
        yield ()
    elif name.startswith(f"{output}."):
        yield tuple(name.removeprefix(f"{output}.").split("."))


def _part(value: Any, full: str, steps: Sequence[str]) -> Any:
    from tideform.errors import RefusedError
    from tideform.spec.suggest import did_you_mean

    if not steps:
        return value
    inside = _inside(value)
    if steps[0] not in inside:
        names = ", ".join(inside)
        raise RefusedError.of(
            "TD357",
            "The output has no such part",
            detail=f"{full} has no part {steps[0]}.",
            fix=did_you_mean(steps[0], list(inside)) or (f"It has {names}." if names else "It is a single value."),
        )
    return _part(inside[steps[0]], f"{full}.{steps[0]}", steps[1:])


def _inside(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    return {str(index): item for index, item in enumerate(value)} if isinstance(value, list | tuple) else {}
