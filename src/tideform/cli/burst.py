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
    load_deployment,
    tell,
)
from tideform.cli.run import WaitOption, seconds

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
for _command in (burst_run.run, burst_watch.watch, burst_more.extend, burst_more.shell, burst_more.reap):
    app.command()(_command)


@app.command()
def up(
    pool: PoolArgument,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
    wait: WaitOption = WAIT,
) -> None:
    """Bring capacity in and leave it until `burst down`, or until its lease is over."""
    from tideform.views.burst import lease_json, lease_words
    from tideform.views.json_plan import write_json

    lease = session_for(load_deployment(spec, environment), pool, seconds(wait)).up()
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

    session = session_for(load_deployment(spec, environment), pool, seconds(wait), announced=False, ending=True)
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
    """Show each pool's leases, instances, jobs and cost so far."""
    from tideform.burst.as_held import as_held
    from tideform.burst.ownerless import ownerless
    from tideform.burst.status import pool_status
    from tideform.burst.table import LeaseTable
    from tideform.connect import cloud_for
    from tideform.views.burst import status_json, status_lines
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit
    from tideform.views.unheld import unheld_json, unheld_lines

    deployment = load_deployment(spec, environment)
    cloud = cloud_for(deployment)
    table = LeaseTable.of(cloud, deployment)
    tell(table.unreadable())
    for record in table.all():
        if record.held or record.pool == pool:
            deployment = as_held(deployment, record)
    names = list(deployment.spec.training) if pool is None else [known(deployment, pool)]
    now = cloud.clock()
    found = {name: pool_status(cloud, deployment, name, now) for name in names}
    unheld = [one for one in ownerless(cloud, deployment) if pool in (None, one.pool)]
    if as_json:
        pools = [status_json(name, one) for name, one in found.items()]
        write_json({"pools": pools, "unheld": unheld_json(unheld)})
    else:
        emit((line for name, one in found.items() for line in status_lines(name, one)), console())
        emit(unheld_lines(unheld), console())
