"""``tideform explain``: the stages that an apply would walk, or what a field of the spec or a code means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli import completing
from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, JsonOption, SpecOption, console, load_deployment
from tideform.cli.units import refuse_unknown_unit

if TYPE_CHECKING:
    from pathlib import Path


def command(
    field: Annotated[
        str | None,
        typer.Argument(help="A field of the spec (training.lease), or a code (TD501).", metavar="WHAT"),
    ] = None,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    unit: Annotated[
        str | None,
        typer.Option(
            "--unit", help="The stages of one pool or endpoint only.", metavar="NAME", autocompletion=completing.units
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Explain a field of the spec or a diagnostic's code; without one, print the stages that an apply would walk."""
    if field is not None and field.upper().startswith("TD") and field[2:].isdigit():
        _code(field.upper(), as_json)
    elif field is not None:
        _field(field, as_json)
    else:
        _stages(spec, environment, unit, as_json)


def _stages(spec: Path, environment: str | None, unit: str | None, as_json: bool) -> None:
    from tideform.engine.fit import checked_backend
    from tideform.operations.pipeline import stages_ahead
    from tideform.views.explain import stage_lines
    from tideform.views.json_plan import stage_json, write_json
    from tideform.views.lines import emit

    deployment = load_deployment(spec, environment)
    backend = checked_backend(deployment)
    refuse_unknown_unit(deployment, unit, (program.unit for program in backend.existing()))
    stages = stages_ahead(deployment, backend, unit=unit)
    if as_json:
        write_json([stage_json(stage) for stage in stages])
    else:
        emit(stage_lines(stages), console())


def _code(code: str, as_json: bool) -> None:
    from tideform.views.code_guide import look_up_code
    from tideform.views.explain import code_json, code_lines
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit

    told = look_up_code(code)
    if as_json:
        write_json(code_json(told))
    else:
        emit(code_lines(told), console())


def _field(path: str, as_json: bool) -> None:
    from tideform.views.explain import field_json, field_lines
    from tideform.views.field_guide import look_up
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit

    found = look_up(path)
    if as_json:
        write_json(field_json(found))
    else:
        emit(field_lines(found), console())
