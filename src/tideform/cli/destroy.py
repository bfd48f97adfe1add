"""``tideform destroy``: show what goes, ask, take it down, and prove by a receipt that nothing is left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli import completing
from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, SpecOption, VerboseOption, console, load_ending, tell
from tideform.cli.confirm import confirm
from tideform.cli.engine import engine_for
from tideform.cli.losing import DeleteDataOption, losing
from tideform.cli.run import WaitOption, YesOption, say, seconds
from tideform.cli.units import refuse_unknown_unit
from tideform.diagnostics import Severity
from tideform.errors import ExitCode

if TYPE_CHECKING:
    from tideform.burst.receipt import Receipt
    from tideform.spec.deployment import Deployment
    from tideform.state.left_behind import LeftBehind


def command(
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    yes: YesOption = False,
    delete_data: DeleteDataOption = None,
    unit: Annotated[
        str | None,
        typer.Option(
            "--unit",
            help="Destroy one training pool or endpoint only.",
            metavar="NAME",
            autocompletion=completing.units,
        ),
    ] = None,
    wait: WaitOption = "0s",
    verbose: VerboseOption = False,
) -> None:
    """Remove an environment, or one unit of it, and prove that nothing is left."""
    from tideform.operations.teardown import refuse_beforehand

    deployment = load_ending(spec, environment)
    _refuse_unknown(deployment, unit)
    named = losing(deployment, delete_data)
    if not yes:
        refuse_beforehand(deployment, unit, named)
        _show(deployment, unit, verbose)
        _ask(deployment, unit, named)
    receipt = _destroy(deployment, unit, named, seconds(wait))
    _report(receipt, () if unit else _beside(deployment))


def _refuse_unknown(deployment: Deployment, unit: str | None) -> None:
    from tideform.engine.fit import checked_backend

    standing = (program.unit for program in checked_backend(deployment).existing()) if unit else ()
    refuse_unknown_unit(deployment, unit, standing)


def _show(deployment: Deployment, unit: str | None, verbose: bool) -> None:
    from tideform.operations import pipeline
    from tideform.views.human import Detail, plan_lines
    from tideform.views.lines import emit
    from tideform.views.phases import phases

    engine = engine_for(deployment)
    with phases(console(stderr=True)) as on_phase:
        planned = pipeline.make_plan(deployment, unit=unit, destroy=True, on_phase=on_phase, engine=engine)
    if planned.previews:
        detail = Detail.FULL if verbose else Detail.BRIEF
        emit(plan_lines(planned.plan, asked=True, detail=detail), console())
    else:
        typer.echo("Nothing stands. A destroy would only ask the services whether something is left.")


def _ask(deployment: Deployment, unit: str | None, named: tuple[str, ...]) -> None:
    what = f"{unit} of {deployment.name}" if unit else f"everything of {deployment.name}"
    otherwise = "Run it at a terminal and look at what goes, or give --yes."
    confirm(f"Do you really want to destroy {what}? There is no way back.", instead=otherwise)
    if named:
        names = ", ".join(named)
        confirm(f"The data in {names} will be lost for ever. To go on, type the name.", expected=deployment.name)


def _destroy(deployment: Deployment, unit: str | None, named: tuple[str, ...], wait: float) -> Receipt:
    from tideform.operations import teardown
    from tideform.views.progress import progress

    with progress(console(stderr=True)) as on_progress:
        return teardown.destroy(deployment, unit=unit, delete_data=named, on_progress=on_progress, wait=wait, say=say)


def _beside(deployment: Deployment) -> tuple[LeftBehind, ...]:
    """What stands under names that the spec no longer has, each told with its way out: who destroys may mean it."""
    from tideform.connect import backend_of
    from tideform.errors import CloudError
    from tideform.operations.left_behind import left_behind, told

    state = backend_of(deployment)
    try:
        left = left_behind(deployment, state.blobs)
        tell(told(deployment, left, Severity.WARNING))
        return left
    except CloudError as unread:
        tell([replace(one, severity=Severity.WARNING) for one in unread.diagnostics])
        return ()


def _report(receipt: Receipt, beside: tuple[LeftBehind, ...]) -> None:
    from tideform.views.lines import emit
    from tideform.views.receipt import receipt_lines

    emit(receipt_lines(receipt, beside), console())
    if not receipt.empty:
        raise typer.Exit(ExitCode.LEFTOVERS)  # the receipt has said what is left, and what it costs
