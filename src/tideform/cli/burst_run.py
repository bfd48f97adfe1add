"""``tideform burst run``: capacity in, the job, capacity out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli.burst_session import WAIT, PoolArgument, announce, ask_about_cost, known, session_for, shortened
from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, JsonOption, SpecOption, console, load_standing
from tideform.cli.run import ForceOption, WaitOption, YesOption, say, seconds, take_fields_back
from tideform.errors import RefusedError

if TYPE_CHECKING:
    from tideform.burst.interruption import Interruptions
    from tideform.burst.runner import Work
    from tideform.burst.session import Ended, Session
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment
    from tideform.spec.quantities import Duration, Money
    from tideform.spec.training import Pool

CommandArgument = Annotated[
    list[str] | None, typer.Argument(help="After --: instead of the pool's own job.", metavar="[-- COMMAND...]")
]
CodeOption = Annotated[
    Path | None, typer.Option("--code", help="Send this folder; the command runs in it.", metavar="DIR")
]
ImageOption = Annotated[str | None, typer.Option("--image", help="Another image than the job's.", metavar="IMAGE")]
NodesOption = Annotated[
    int | None,
    typer.Option("--nodes", min=1, help="How many machines work on it together, instead of the job's nodes."),
]
LeaseOption = Annotated[
    str | None, typer.Option("--lease", help="A shorter lease than the pool's.", metavar="DURATION")
]
CostOption = Annotated[
    str | None, typer.Option("--max-cost", help="A lower cap than the pool's: '20 USD'.", metavar="MONEY")
]
ResumeOption = Annotated[
    str | None,
    typer.Option("--resume", help="Go on with the checkpoints of an earlier run; 'last': the newest.", metavar="RUN"),
]
InterruptOption = Annotated[
    list[str] | None,
    typer.Option(
        "--interrupt-after",
        help="Local target: take a node back after so long, as the spot market does; may be given again.",
        metavar="DURATION",
    ),
]
DetachOption = Annotated[
    bool,
    typer.Option("--detach", help="Begin the job and return; it goes on, and its capacity ends, in the account."),
]


def run(
    pool: PoolArgument,
    command: CommandArgument = None,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    code: CodeOption = None,
    image: ImageOption = None,
    nodes: NodesOption = None,
    lease: LeaseOption = None,
    max_cost: CostOption = None,
    resume: ResumeOption = None,
    interrupt_after: InterruptOption = None,
    force_conflicts: ForceOption = False,
    detach: DetachOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
    wait: WaitOption = WAIT,
) -> None:
    """Bring capacity in, run the job, take capacity away; exits with the job's own code.

    With --detach it exits once the job has begun, and the reaper takes the capacity away when the job is over.
    """
    from tideform.burst.detaching import require_detachable
    from tideform.burst.places import Places
    from tideform.burst.sending import Wanted, prepare
    from tideform.burst.sizing import require_fit

    take_fields_back(force_conflicts)
    deployment = load_standing(spec, environment, brings=True)
    _check(deployment, interrupt_after, detach)
    chosen = deployment.spec.training[known(deployment, pool)]
    bounded = shortened(chosen, _duration(lease), _money(max_cost))
    machines = nodes or chosen.job.nodes
    require_fit(chosen, machines)
    if detach:
        require_detachable(pool, bounded, machines)
    announce(deployment, pool, bounded, machines)
    ask_about_cost(bounded, yes, "Start it", "Give --yes, a shorter --lease, or raise `max_cost` of the pool.")
    wanted = Wanted(tuple(command or ()), _folder(deployment, pool, code), None, machines, resume)
    session = replace(session_for(deployment, pool, seconds(wait), announced=False), pool=bounded)
    places = Places(session.teardown.table.cloud, deployment)
    wanted = replace(wanted, image=_image(places.cloud, deployment, chosen, image))
    work = prepare(places, pool, bounded, wanted, say)
    if detach:
        return _detach(deployment, session, work, as_json)
    with _interruptions(deployment, session, interrupt_after).during():
        ended = session.run(work, lambda line: typer.echo(line, err=as_json))
    return _tell(pool, ended, as_json)


def _tell(pool: str, ended: Ended, as_json: bool) -> None:
    from tideform.views.burst import ended_json
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit
    from tideform.views.receipt import receipt_lines

    if ended.exit_code:
        say(f"The job ended with exit code {ended.exit_code}.")
    say(f"Cost: {ended.meter.words()}.")
    if as_json:
        write_json(ended_json(pool, ended))
    elif ended.receipt is not None:
        emit(receipt_lines(ended.receipt), console(stderr=True))
    raise typer.Exit(ended.exit_code)


def _detach(deployment: Deployment, session: Session, work: Work, as_json: bool) -> None:
    from tideform.burst.job_names import remember
    from tideform.pools.worst_case import worst_of
    from tideform.registry.training import backends
    from tideform.views.burst import begun_json, begun_lines
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit

    for remark in backends()[session.pool.backend].detached_remarks(session.pool, work.nodes):
        say(remark)
    lease = session.detach(work)
    if as_json:
        write_json(begun_json(lease, worst_of(session.pool)))
    else:
        emit(begun_lines(lease), console())
    remember(deployment, [lease.job_name])  # whatever becomes of it: what costs money has been told


def _folder(deployment: Deployment, name: str, code: Path | None) -> Path | None:
    """The folder to send: the one that is named, or the spec's, which lies beside the spec."""
    own = deployment.spec.training[name].job.code
    return code if code is not None or own is None else deployment.spec_file.parent / own


def _image(cloud: Cloud, deployment: Deployment, pool: Pool, named: str | None) -> str | None:
    """The image that is named, or the one that the spec has built; None: that of the pool's definition."""
    from tideform.burst.image import Images
    from tideform.components.jobs.environment import image_of
    from tideform.components.scope import Scope
    from tideform.pools.images import unreachable

    folder = pool.job.build
    if deployment.target == "local":
        if named is not None or folder is not None:
            say("The sandbox pulls and builds no image: the command runs on this machine.")
        return None
    if named is not None:
        if wrong := list(unreachable(deployment, named, "--image")):
            raise RefusedError(wrong)
        return image_of(named, Scope(deployment, "training"))
    return None if folder is None else Images(cloud, deployment, say).built(deployment.spec_file.parent / folder, pool)


def _check(deployment: Deployment, interrupt_after: list[str] | None, detach: bool) -> None:
    """What only the sandbox does, and only while the command stays."""
    if interrupt_after and detach:
        raise typer.BadParameter("--interrupt-after: it is this command that takes a node back; leave out --detach")
    if interrupt_after and deployment.target != "local":
        raise typer.BadParameter(f"--interrupt-after: on AWS ({deployment.environment}) the spot market decides itself")


def _interruptions(deployment: Deployment, session: Session, after: list[str] | None) -> Interruptions:
    from tideform.burst.interruption import Interruptions

    teardown = session.teardown
    return Interruptions(
        teardown.table.cloud, deployment, teardown.runner, [seconds(text) for text in after or ()], say
    )


def _duration(text: str | None) -> Duration | None:
    from tideform.spec.quantities import Duration

    try:
        return None if text is None else Duration.parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"--lease {text}: {error}") from error


def _money(text: str | None) -> Money | None:
    from tideform.spec.quantities import Money

    try:
        return None if text is None else Money.parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"--max-cost {text}: {error}") from error
