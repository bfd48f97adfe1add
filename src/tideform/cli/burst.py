"""``tideform burst``: bring a pool's capacity in, run a job on it, take it away and prove that it is gone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli.common import (
    DEFAULT_SPEC,
    EnvironmentOption,
    JsonOption,
    SpecOption,
    console,
    load_deployment,
)
from tideform.cli.run import WaitOption, say, seconds

if TYPE_CHECKING:
    from tideform.burst.session import Session
    from tideform.burst.teardown import Hooks
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment
    from tideform.spec.training import Pool

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
PoolArgument = Annotated[str, typer.Argument(help="The training pool.", metavar="POOL")]
_WAIT = "10m"  # others' changes of the same pool take minutes, and a burst can wait for them


@app.command()
def run(
    pool: PoolArgument,
    command: Annotated[
        list[str] | None, typer.Argument(help="After --: instead of the pool's own job.", metavar="[-- COMMAND...]")
    ] = None,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
    wait: WaitOption = _WAIT,
) -> None:
    """Bring capacity in, run the job, take capacity away; exits with the job's own code."""
    from tideform.burst.runner import Work
    from tideform.views.burst import ended_json
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit
    from tideform.views.receipt import receipt_lines

    session = _session(load_deployment(spec, environment), pool, seconds(wait))
    ended = session.run(Work(tuple(command or ())), lambda line: typer.echo(line, err=as_json))
    if ended.exit_code:
        say(f"The job ended with exit code {ended.exit_code}.")
    say(f"Cost: {ended.meter.words()}.")
    if as_json:
        write_json(ended_json(pool, ended))
    elif ended.receipt is not None:
        emit(receipt_lines(ended.receipt), console(stderr=True))
    raise typer.Exit(ended.exit_code)


@app.command()
def up(
    pool: PoolArgument,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
    wait: WaitOption = _WAIT,
) -> None:
    """Bring capacity in and leave it until `burst down`, or until its lease is over."""
    from tideform.views.burst import lease_json, lease_words
    from tideform.views.json_plan import write_json

    lease = _session(load_deployment(spec, environment), pool, seconds(wait)).up()
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
    wait: WaitOption = _WAIT,
) -> None:
    """End your bursts of a pool; with the last one its capacity goes, and a receipt proves it."""
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit
    from tideform.views.receipt import receipt_json, receipt_lines

    session = _session(load_deployment(spec, environment), pool, seconds(wait), announce=False)
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
    from tideform.burst.status import pool_status
    from tideform.connect import cloud_for
    from tideform.views.burst import status_json, status_lines
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit

    deployment = load_deployment(spec, environment)
    names = list(deployment.spec.training) if pool is None else [_known(deployment, pool)]
    cloud, now = cloud_for(deployment), time.time()
    found = {name: pool_status(cloud, deployment, name, now) for name in names}
    if as_json:
        write_json({"pools": [status_json(name, one) for name, one in found.items()]})
    else:
        emit((line for name, one in found.items() for line in status_lines(name, one)), console())


def _session(deployment: Deployment, name: str, wait: float, *, announce: bool = True) -> Session:
    """A session for one pool, after what crashed bursts left has been ended."""
    from tideform.burst.definitions import Definitions
    from tideform.burst.session import Session
    from tideform.burst.teardown import Teardown
    from tideform.connect import cloud_for
    from tideform.process import user
    from tideform.spec.leases import require_lease

    pool = deployment.spec.training[_known(deployment, name)]
    if announce:
        require_lease(deployment.spec, user(), pool.lease)
        _announce(deployment, name, pool)
    cloud = cloud_for(deployment)
    hooks = Definitions(deployment, wait=wait, say=say, on_progress=_silent).hooks()
    _finish_others(cloud, deployment, hooks)
    return Session(pool, Teardown.of(cloud, deployment, name, hooks, say))


def _silent(_: object) -> None:
    """A burst tells its steps itself; the engine's are too many beside a job's log."""


def _finish_others(cloud: Cloud, deployment: Deployment, hooks: Hooks) -> None:
    from tideform.burst.reconcile import reconcile

    for line in reconcile(cloud, deployment, hooks, say=say):
        say(f"recovered: {line}")


def _announce(deployment: Deployment, name: str, pool: Pool) -> None:
    from tideform.burst.sizing import sizing
    from tideform.prices.book import book
    from tideform.views.burst import announcement
    from tideform.views.lines import emit

    lines = announcement(name, pool, sizing(pool), book().note_for(deployment.region))
    emit(lines, console(stderr=True))


def _known(deployment: Deployment, pool: str) -> str:
    from tideform.errors import RefusedError
    from tideform.spec.suggest import did_you_mean

    pools = sorted(deployment.spec.training)
    if pool in pools:
        return pool
    raise RefusedError.of(
        "TD602",
        "There is no such pool",
        detail=f"The spec has no training pool {pool!r}.",
        fix=did_you_mean(pool, pools) or f"Pools: {', '.join(pools) or 'none'}.",
    )
