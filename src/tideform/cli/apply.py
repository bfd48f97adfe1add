"""``tideform apply``: plan under the lock, ask, carry out; or carry out a saved plan exactly.

The lock is taken first: recovery after a crash changes the state, and nobody else may between the plan and the deed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli import completing
from tideform.cli import plan as plan_command
from tideform.cli.common import (
    DEFAULT_SPEC,
    EnvironmentOption,
    JsonOption,
    SpecOption,
    VerboseOption,
    console,
    load_deployment,
)
from tideform.cli.confirm import confirm
from tideform.cli.losing import DeleteDataOption, losing
from tideform.cli.run import ForceOption, WaitOption, YesOption, say, seconds, take_fields_back

if TYPE_CHECKING:
    from tideform.model.planned import Plan
    from tideform.operations.changing import Change
    from tideform.operations.execute import Applied
    from tideform.operations.pipeline import Planned
    from tideform.plan.saved import SavedPlan
    from tideform.spec.deployment import Deployment

_UnitOption = Annotated[
    str | None,
    typer.Option(
        "--unit", help="Apply one training pool or endpoint only.", metavar="NAME", autocompletion=completing.units
    ),
]


def command(
    plan_file: Annotated[
        Path | None, typer.Argument(help="A plan of `tideform plan --out`: exactly this, or nothing.", metavar="PLAN")
    ] = None,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    yes: YesOption = False,
    unit: _UnitOption = None,
    refresh: Annotated[
        bool, typer.Option("--refresh/--no-refresh", help="Read back what stands, and put right what was changed.")
    ] = True,
    delete_data: DeleteDataOption = None,
    force_conflicts: ForceOption = False,
    wait: WaitOption = "0s",
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make the cloud match the spec: show the plan, ask, carry it out.

    With --json the plan and what became of it are one document on stdout; progress goes to stderr.
    """
    from tideform.operations.changing import changing, end_dead_bursts, mend_reaper
    from tideform.plan.moved import refuse_elsewhere
    from tideform.room import require_room

    if as_json and plan_file is None and not yes:
        raise typer.BadParameter("--json asks nobody: give --yes or a saved plan with it")
    take_fields_back(force_conflicts)
    saved = _saved(plan_file, unit, delete_data)
    deployment = load_deployment(spec, environment or (saved.environment if saved else None))
    if saved is not None:
        refuse_elsewhere(saved, deployment)
    named = losing(deployment, delete_data)
    require_room(deployment.workspace.environment(deployment.environment))
    with changing(deployment, "apply", wait=seconds(wait), say=say) as change:
        end_dead_bursts(change, say, wholly=False)
        mend_reaper(change, say)
        planned = _saved_plan(change, saved, as_json) if saved else _plan(change, unit, named, refresh)
        if saved is None and not as_json:
            plan_command.show(deployment, planned, verbose=verbose)
        _refuse_errors(planned.plan)
        if saved is None and not yes and planned.plan.has_changes:
            confirm(f"Do you want to make these changes in {planned.plan.environment}?")
        applied = _carry_out(change, planned)
    _report(deployment, planned, applied, as_json)


def _saved(plan_file: Path | None, unit: str | None, delete_data: list[str] | None) -> SavedPlan | None:
    if plan_file is None:
        return None
    if unit is not None or delete_data:
        what = "--unit" if unit else "--delete-data"
        raise typer.BadParameter(f"a saved plan already says which units and data it is about; leave {what} out")
    from tideform.plan.saved import load_saved

    return load_saved(plan_file)


def _plan(change: Change, unit: str | None, named: tuple[str, ...], refresh: bool) -> Planned:
    return plan_command.make(change.deployment, refresh=refresh, unit=unit, delete_data=named, engine=change.engine)


def _saved_plan(change: Change, saved: SavedPlan, as_json: bool) -> Planned:
    from tideform.operations.provenance import provenance
    from tideform.plan.moved import refuse_stale

    planned = plan_command.make(
        change.deployment,
        refresh=saved.refreshed,
        unit=saved.unit,
        pool=saved.pool,
        delete_data=saved.delete_data,
        engine=change.engine,
    )
    refuse_stale(saved, planned.plan, provenance(change.deployment, planned))
    typer.echo("The saved plan still holds.", err=as_json)
    return planned


def _refuse_errors(plan: Plan) -> None:
    from tideform.diagnostics import errors_in
    from tideform.errors import RefusedError

    if errors := errors_in(plan.findings):
        raise RefusedError(errors)


def _carry_out(change: Change, planned: Planned) -> Applied:
    from tideform.operations.execute import carry_out
    from tideform.views.progress import progress

    with progress(console(stderr=True)) as on_progress:
        return carry_out(change, planned, on_progress=on_progress)


def _report(deployment: Deployment, planned: Planned, applied: Applied, as_json: bool) -> None:
    from tideform.operations.pipeline import stages_of
    from tideform.views.applied import applied_json, applied_lines
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit

    if as_json:
        stages = stages_of(deployment, planned)
        write_json(applied_json(planned.plan, applied.changed, applied.outputs, stages=stages))
    else:
        emit(applied_lines(planned.plan, applied.changed, applied.outputs), console())
