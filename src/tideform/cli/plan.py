"""``tideform plan``: arguments, the plan, its view."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli import completing
from tideform.cli.common import (
    DEFAULT_SPEC,
    EnvironmentOption,
    JsonOption,
    SpecOption,
    VerboseOption,
    console,
    load_deployment,
)
from tideform.cli.engine import engine_for
from tideform.cli.losing import DeleteDataOption, losing
from tideform.cli.units import refuse_unknown_unit
from tideform.errors import ExitCode

if TYPE_CHECKING:
    from tideform.engine.pulumi import PulumiEngine
    from tideform.model.planned import Plan
    from tideform.operations.pipeline import Planned
    from tideform.spec.deployment import Deployment

_UnitOption = Annotated[
    str | None,
    typer.Option(
        "--unit", help="Plan one training pool or endpoint only.", metavar="NAME", autocompletion=completing.units
    ),
]
_PoolOption = Annotated[
    str | None,
    typer.Option(
        "--pool",
        help="Show in full what a burst of this pool makes.",
        metavar="NAME",
        autocompletion=completing.pools,
    ),
]


def command(
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Plan from the spec alone: no engine, no credentials, no network.")
    ] = False,
    refresh: Annotated[
        bool | None,
        typer.Option(
            "--refresh/--no-refresh",
            help="Read back what stands, and show what was changed outside; --no-refresh trusts the state.",
            show_default=False,
        ),
    ] = None,
    unit: _UnitOption = None,
    pool: _PoolOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Save the plan, to be applied exactly.", metavar="FILE")
    ] = None,
    delete_data: DeleteDataOption = None,
    verbose: VerboseOption = False,
    brief: Annotated[bool, typer.Option("--summary", help="Show how many resources of each stack change.")] = False,
    as_json: JsonOption = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 0 for no changes, 1 for errors, 2 for changes.")
    ] = False,
) -> None:
    """Show what an apply would change, what it costs and what it breaks. Changes nothing."""
    from tideform.plan.saved import refuse_other_file

    if offline and (refresh or out):
        raise typer.BadParameter("--offline knows no state, so it goes with neither --refresh nor --out")
    deployment = load_deployment(spec, environment)
    look = not offline if refresh is None else refresh
    if out is not None:
        refuse_other_file(out)
    named = losing(deployment, delete_data)
    planned = make(deployment, offline=offline, refresh=look, unit=unit, pool=pool, delete_data=named)
    if out is not None:
        save_plan(deployment, planned, out, unit=unit, pool=pool, refreshed=look)
    show(deployment, planned, as_json=as_json, verbose=verbose, summary=brief)
    if out is not None and not as_json:
        typer.echo(f"\nSaved to {out}. To do exactly this: tideform apply {out}")
    raise typer.Exit(exit_code(planned.plan, detailed=detailed_exitcode))


def make(
    deployment: Deployment,
    *,
    offline: bool = False,
    refresh: bool = False,
    unit: str | None = None,
    pool: str | None = None,
    delete_data: tuple[str, ...] = (),
    engine: PulumiEngine | None = None,
) -> Planned:
    """The plan, made while a terminal sees what is being looked at. Raises `RefusedError` for an unknown unit."""
    from tideform.operations import pipeline
    from tideform.views.phases import phases

    engine = engine if engine or offline else engine_for(deployment)
    with phases(console(stderr=True)) as on_phase:
        planned = pipeline.make_plan(
            deployment,
            offline=offline,
            refresh=refresh,
            unit=unit,
            full_pool=pool,
            delete_data=delete_data,
            on_phase=on_phase,
            engine=engine,
        )
    _refuse_unknown(deployment, planned, unit, pool)
    return planned


def show(
    deployment: Deployment, planned: Planned, *, as_json: bool = False, verbose: bool = False, summary: bool = False
) -> None:
    """Print the plan on stdout; the JSON always has everything."""
    if as_json:
        from tideform.operations.pipeline import stages_of
        from tideform.views.json_plan import plan_json, write_json

        write_json(plan_json(planned.plan, stages=stages_of(deployment, planned)))
        return
    from tideform.views.human import Detail, plan_lines
    from tideform.views.lines import emit

    detail = Detail.FULL if verbose else Detail.SUMMARY if summary else Detail.BRIEF
    emit(plan_lines(planned.plan, detail=detail), console())


def save_plan(
    deployment: Deployment, planned: Planned, out: Path, *, unit: str | None, pool: str | None, refreshed: bool
) -> None:
    """Write the plan to a file that `apply` takes."""
    from tideform.operations.provenance import provenance
    from tideform.plan.saved import SavedPlan, save

    made_of = provenance(deployment, planned)
    saved = SavedPlan.of(
        planned.plan, made_of, unit=unit, pool=pool, refreshed=refreshed, delete_data=planned.delete_data
    )
    save(saved, out)


def exit_code(plan: Plan, *, detailed: bool) -> ExitCode:
    """Errors of the review stop a pipeline; changes are told apart from none only when asked for."""
    from tideform.diagnostics import errors_in

    if errors_in(plan.findings):
        return ExitCode.ERROR
    return ExitCode.CHANGES if detailed and plan.has_changes else ExitCode.OK


def _refuse_unknown(deployment: Deployment, planned: Planned, unit: str | None, pool: str | None) -> None:
    from tideform.errors import RefusedError
    from tideform.spec.suggest import did_you_mean

    spec = deployment.spec
    refuse_unknown_unit(deployment, unit, (key.partition("/")[2] for key in planned.previews))
    if pool is not None and pool not in spec.training:
        raise RefusedError.of(
            "TD351",
            "There is no such pool",
            detail=f"{pool} is no training pool of this spec.",
            fix=did_you_mean(pool, list(spec.training)) or f"Pools: {', '.join(spec.training) or 'none'}.",
        )
