"""``tideform state``: where the record of what stands is kept: moving it, and making it anew."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, SpecOption, console, load_deployment
from tideform.cli.confirm import confirm
from tideform.cli.run import WaitOption, YesOption, say, seconds
from tideform.words import counted

if TYPE_CHECKING:
    from tideform.engine.place import Place
    from tideform.spec.deployment import Deployment

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback()
def root() -> None:
    """Move the state of an environment to another place, or make it anew from what stands."""


@app.command()
def move(
    to: Annotated[
        str | None, typer.Argument(help="Where it goes; by default where the spec says.", metavar="S3-URL")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from", help="Where it is: s3://… or a folder; by default where the spec says.", metavar="PLACE"
        ),
    ] = None,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    yes: YesOption = False,
    wait: WaitOption = "0s",
) -> None:
    """Copy the state, prove that it arrived, and leave a pointer in the old place, which keeps its copy.

    Before the spec is changed: `tideform state move s3://NEW`. After it was: `tideform state move --from s3://OLD`.
    """
    from tideform.engine.place import bring_along, place_of, refuse_other_key
    from tideform.state.migrate import move as move_state

    deployment = load_deployment(spec, environment)
    _refuse_nonsense(to, source)
    old, new = place_of(deployment, source), place_of(deployment, to)
    if old.blobs.url == new.blobs.url:
        raise typer.BadParameter(f"the state is to go from {old.label} to {new.label}: that is one place")
    if not yes:
        confirm(f"Do you want to move the state of {deployment.name} from {old.label} to {new.label}?")
    with old.lock.hold("state move", wait=seconds(wait), on_wait=say), new.lock.hold("state move", on_wait=say):
        refuse_other_key(deployment, old, new)
        count = move_state(old.blobs, new.blobs, deployment, to=new.label)
        bring_along(old, new)
    _report(deployment, old, new, count, given=to)


@app.command()
def adopt(
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    yes: YesOption = False,
    wait: WaitOption = "0s",
) -> None:
    """Make a lost state anew from what stands.

    Takes what has this environment's names and tags into its state: shows what it has found, and what it cannot adopt,
    and asks. It makes, changes and deletes nothing in the cloud.
    """
    from tideform.operations.adoption import adopting
    from tideform.operations.changing import changing
    from tideform.operations.execute import remember_sandbox
    from tideform.room import require_room
    from tideform.views.adopted import adopted_lines
    from tideform.views.lines import emit
    from tideform.views.phases import phases

    deployment = load_deployment(spec, environment)
    require_room(deployment.workspace.environment(deployment.environment))
    with changing(deployment, "state adopt", wait=seconds(wait), say=say) as change, ExitStack() as work:
        with phases(console(stderr=True)) as on_phase:
            copy = work.enter_context(adopting(change, on_phase))
        emit(adopted_lines(copy.adopted), console())
        if not copy.adopted.found:
            return
        if not yes:
            confirm(f"Do you want to take this into the state of {deployment.name}?", instead="Give --yes.")
        copy.keep()
        remember_sandbox(deployment)
    typer.echo(f"Adopted. `tideform plan` shows what is left to do, `tideform destroy` takes {deployment.name} away.")


def _refuse_nonsense(to: str | None, source: str | None) -> None:
    if to is None and source is None:
        raise typer.BadParameter("say where it goes (s3://…), or where it is (--from), or both")
    if to is not None and not to.startswith("s3://"):
        raise typer.BadParameter(f"{to}: a state goes to s3://BUCKET, or with --from to where the spec says")


def _report(deployment: Deployment, old: Place, new: Place, count: int, *, given: str | None) -> None:
    moved = f"{counted(count, 'stack')} of {deployment.name}"
    typer.echo(f"Moved {moved} from {old.label} to {new.label}; the old copy stays.")
    if given is not None and deployment.settings.state != given:
        typer.echo(f"Now set environments.{deployment.environment}.state to {given} in {deployment.spec_file.name}.")
    if old.folder is None:
        typer.echo("Secrets in it stay sealed with the key of the old place: keep that key, and the right to use it.")
    typer.echo("`tideform plan` shows whether what stands is what the state says.")
