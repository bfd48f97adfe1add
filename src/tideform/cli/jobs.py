"""``tideform jobs``: what ran and runs on the pools, and the end of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tideform.cli import completing
from tideform.cli.app import Group
from tideform.cli.burst_session import WAIT, seen_runs, session_for
from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, JsonOption, SpecOption, console, load_standing
from tideform.cli.run import WaitOption, YesOption, say, seconds
from tideform.errors import ExitCode

if TYPE_CHECKING:
    from tideform.burst.history.runs import Run
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment

_LIST = "list"
NameArgument = Annotated[
    str,
    typer.Argument(
        help="The job's name, or its beginning with at least 4 characters after the pool's name.",
        metavar="NAME",
        autocompletion=completing.jobs,
    ),
]
PoolArgument = Annotated[
    str | None, typer.Argument(help="One pool only.", metavar="[POOL]", autocompletion=completing.pools)
]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="List so many, the newest first.", metavar="NUMBER")]
OutputOption = Annotated[Literal["text", "json"], typer.Option("--output", "-o", help="As text or JSON.")]


class JobsGroup(Group):
    """A group whose name alone, or with a pool, lists."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``list`` in front of what is no command."""
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = [_LIST, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=JobsGroup, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(_LIST)
def list_jobs(
    pool: PoolArgument = None,
    limit: LimitOption = 20,
    output: OutputOption = "text",
    as_json: JsonOption = False,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
) -> None:
    """List what ran and runs on the pools, the newest first; `tideform jobs [POOL]` does the same.

    How a job ended is kept in the lease table, also where its pool is removed between bursts; what nobody could learn
    is unknown, with the reason. A pool that could not be asked, or whose record cannot be read, is told, and the exit
    code is 1; what the lease table knows of its jobs is listed all the same.
    """
    from tideform.burst.job_names import remember
    from tideform.connect import cloud_for
    from tideform.views.jobs import run_json, run_lines
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit
    from tideform.views.unasked import gaps_json

    deployment = load_standing(spec, environment)
    cloud = cloud_for(deployment)
    seen = seen_runs(cloud, deployment, pool, most=limit)
    chosen = seen.runs[:limit]
    if as_json or output == "json":
        jobs = [run_json(run, cloud.clock()) for run in chosen]
        write_json({"jobs": jobs, **gaps_json(seen.gaps)})
    elif chosen:
        emit(run_lines(chosen, cloud.clock()), console())
    else:
        where = f" on {pool}" if pool is not None else " on the other pools" if seen.gaps else ""
        say(f"No job has run{where} yet.")
    remember(deployment, [run.name for run in chosen])
    if seen.gaps:
        raise typer.Exit(ExitCode.ERROR)


@app.command()
def cancel(
    name: NameArgument,
    yes: YesOption = False,
    everybody: Annotated[bool, typer.Option("--all", help="With --yes: somebody else's job as well.")] = False,
    as_json: JsonOption = False,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    wait: WaitOption = WAIT,
) -> None:
    """End a job, and with it its capacity, where nobody else holds that; a command that runs it ends, too."""
    from tideform.burst import cancelling
    from tideform.connect import cloud_for
    from tideform.views.jobs import run_json
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit
    from tideform.views.receipt import receipt_json, receipt_lines

    deployment = load_standing(spec, environment)
    cloud = cloud_for(deployment)
    run = cancelling.chosen(seen_runs(cloud, deployment, name=name).runs, name)
    if yes and not everybody:  # else the question says whose it is
        cancelling.require_own(run)
    receipt = _end(deployment, run, yes, seconds(wait)) if cancelling.to_be_ended(run) else None
    if as_json:
        told = None if receipt is None else receipt_json(receipt)
        now = _again(cloud, deployment, run)
        write_json({"job": run_json(now, cloud.clock()), "cancelled": cancelling.unfinished(run), "receipt": told})
    elif not cancelling.to_be_ended(run):
        say(f"{run.name} is over already: {run.state}.")
    elif receipt is not None:
        emit(receipt_lines(receipt), console())


def _again(cloud: Cloud, deployment: Deployment, run: Run) -> Run:
    """The run as it is now; as it was where the backend has forgotten it with its end."""
    return next((one for one in seen_runs(cloud, deployment, run.pool).runs if one.lease == run.lease), run)


def _end(deployment: Deployment, run: Run, yes: bool, wait: float) -> Any:
    from tideform.burst.cancelling import cancel, ends_its_lease, unfinished
    from tideform.cli.confirm import confirm

    if not yes:
        capacity = " and take its capacity away" if ends_its_lease(run) else ""
        over = f"{run.name} is over ({run.state}). Give its lease back{capacity}?"
        question = f"End {run.name} of {run.owner or 'somebody unknown'}{capacity}?" if unfinished(run) else over
        confirm(question, instead="Give --yes.")
    teardown = session_for(deployment, run.pool, wait, announced=False, ending=True).teardown
    receipt = cancel(teardown, run)
    say(f"{run.name} is cancelled." if unfinished(run) else f"{run.name} was over already: {run.state}.")
    return receipt
