"""``tideform burst``: bring a pool's capacity in, run a job on it, take it away and prove that it is gone."""

from __future__ import annotations

from typing import Annotated

import typer

from tideform.cli import burst_more, burst_run, burst_watch
from tideform.cli.burst_session import WAIT, PoolArgument, known, session_for
from tideform.cli.common import (
    DEFAULT_SPEC,
    EnvironmentOption,
    JsonOption,
    SpecOption,
    console,
    load_ending,
    load_standing,
    tell,
)
from tideform.cli.run import ForceOption, WaitOption, seconds, take_fields_back
from tideform.errors import ExitCode

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
for _command in (burst_run.run, burst_watch.watch, burst_more.extend, burst_more.shell, burst_more.reap):
    app.command()(_command)


@app.command()
def up(
    pool: PoolArgument,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    force_conflicts: ForceOption = False,
    as_json: JsonOption = False,
    wait: WaitOption = WAIT,
) -> None:
    """Bring capacity in and leave it until `burst down`, or until its lease is over."""
    from tideform.views.burst import lease_json, lease_words
    from tideform.views.json_plan import write_json

    take_fields_back(force_conflicts)
    lease = session_for(load_standing(spec, environment, brings=True), pool, seconds(wait)).up()
    if as_json:
        write_json(lease_json(lease))
    else:
        typer.echo(f"{pool} is up: {lease_words(lease)}.\n`tideform burst down {pool}` takes it away.")


@app.command()
def down(
    pool: PoolArgument,
    everybody: Annotated[bool, typer.Option("--all", help="End everybody's bursts of the pool.")] = False,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
    wait: WaitOption = WAIT,
) -> None:
    """End your bursts of a pool; with the last one its capacity goes, and a receipt proves it."""
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit
    from tideform.views.receipt import receipt_json, receipt_lines

    session = session_for(load_standing(spec, environment), pool, seconds(wait), announced=False, ending=True)
    receipt = session.down(everybody=everybody)
    if as_json:
        write_json({"pool": pool, "receipt": None if receipt is None else receipt_json(receipt)})
    elif receipt is not None:
        emit(receipt_lines(receipt), console())


@app.command()
def status(
    pool: Annotated[str | None, typer.Argument(help="One pool only.", metavar="[POOL]")] = None,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show each pool's leases, instances, jobs and cost so far, and what nobody holds.

    What could not be asked, and what cannot be read, is told in its place with its reason; the exit code is 1 then.
    """
    from tideform.operations.capacity import capacity, state_of
    from tideform.operations.pool_statuses import pool_statuses, where_held
    from tideform.views.burst import statuses_json, statuses_lines
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit

    deployment = load_ending(spec, environment, quiet=True)
    state, unread = state_of(deployment)
    held = capacity(deployment, state, unread)
    deployment = where_held(deployment, held, pool)
    names = list(deployment.spec.training) if pool is None else [known(deployment, pool)]
    found = pool_statuses(deployment, names, held, pool)
    tell(found.warnings)
    if as_json:
        write_json(statuses_json(found))
    else:
        emit(statuses_lines(found), console())
    if not found.whole:
        raise typer.Exit(ExitCode.ERROR)
