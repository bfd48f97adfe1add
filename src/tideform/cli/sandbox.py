"""``tideform sandbox``: start, inspect, use and end the local target's sandbox."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from tideform.cli import sandbox_words as words
from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, JsonOption, SpecOption, load_deployment
from tideform.cli.confirm import confirm
from tideform.diagnostics import Diagnostic, Severity
from tideform.errors import SandboxError
from tideform.paths import Workspace

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
RegionOption = Annotated[
    str | None, typer.Option("--region", help="The AWS region; by default the environment's.", metavar="REGION")
]
_PASSTHROUGH = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@app.command()
def start(spec: SpecOption = DEFAULT_SPEC) -> None:
    """Start the sandbox, or find it running."""
    from tideform.local import client

    sandbox = client.ensure(_workspace(spec))
    typer.echo(f"Sandbox at {sandbox.endpoint}, boot {sandbox.boot_id}")


@app.command()
def status(spec: SpecOption = DEFAULT_SPEC, as_json: JsonOption = False) -> None:
    """Show where the sandbox is, what runs in it, and what it stores without behaviour."""
    from tideform.local import client
    from tideform.views.sandbox import status_lines, stored_only_lines

    workspace = _workspace(spec)
    sandbox = client.find(workspace)
    found = client.status(workspace) if sandbox else None
    if as_json:
        endpoint = {"endpoint": sandbox.endpoint} if sandbox else {}
        typer.echo(json.dumps({"running": found is not None, **endpoint, **(found or {})}))
    elif sandbox is None or found is None:
        from tideform.local.launch import INSTALL, is_installed

        starts = "commands start it when they need it" if is_installed() else f"it is not installed: `{INSTALL}`"
        typer.echo(f"The sandbox does not run; {starts}.\n")
        typer.echo("\n".join(stored_only_lines()))
    else:
        typer.echo("\n".join(status_lines(sandbox.endpoint, found)))


@app.command()
def stop(spec: SpecOption = DEFAULT_SPEC) -> None:
    """End the sandbox and all its jobs; what is in it is gone, the local state is not."""
    from tideform.local import client

    ran = client.stop(_workspace(spec))
    typer.echo("The sandbox has ended." if ran else "No sandbox ran.")


@app.command()
def reset(
    spec: SpecOption = DEFAULT_SPEC,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """End the sandbox and throw away the local state that speaks of what was in it."""
    from tideform.local import client
    from tideform.state import boot
    from tideform.views.sandbox import reset_line

    workspace = _workspace(spec)
    typer.echo(f"This throws away: {reset_line(boot.local_environments(workspace))}")
    if not yes:
        confirm("Do you want to throw this away?", instead="Give --yes as well.")
    client.reset(workspace)
    typer.echo("Gone. The next apply builds anew.")


@app.command()
def clock(
    spec: SpecOption = DEFAULT_SPEC,
    advance: Annotated[str | None, typer.Option(help="Move it forward first: 20m, 6h.", metavar="DURATION")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what time it is in the sandbox, or let time pass: everything that comes due on the way happens."""
    from tideform.local import client
    from tideform.views.sandbox import clock_line

    workspace = _workspace(spec)
    if advance is not None:
        client.advance_clock(workspace, words.seconds(advance))
    found = client.clock(workspace)
    typer.echo(json.dumps(found) if as_json else clock_line(found))


@app.command()
def market(
    spec: SpecOption = DEFAULT_SPEC,
    lack: Annotated[
        list[str] | None, typer.Option(help="What cannot be had: g5, g5.xlarge@us-east-1a.", metavar="TYPES[@ZONE]")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="When it can be had again, with --lack: 10:00 (UTC) or an ISO time.")
    ] = None,
    only: Annotated[str, typer.Option(help="Which market lacks it: spot, on-demand or both.")] = "both",
    quota: Annotated[
        list[str] | None,
        typer.Option(
            help="vCPUs of a family, or instances of an ml. type: g=64, spot:g=32.", metavar="[spot:]FAMILY=N"
        ),
    ] = None,
    slow: Annotated[
        list[str] | None, typer.Option(help="Instances that start slowly: g5=5m.", metavar="TYPES=DURATION")
    ] = None,
    throttle: Annotated[
        str | None, typer.Option(help="API calls that are refused: the next 5, or 20% of all.", metavar="N|SHARE%")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The seed of a share of refused calls.")] = None,
    reclaim: Annotated[
        list[str] | None, typer.Option(help="Take spot instances back, two minutes from now.", metavar="INSTANCE")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Forget the script first.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show or script the capacity market: what is short, bounded, slow or taken back."""
    from tideform.local import client
    from tideform.views.sandbox import market_lines

    script = {
        "clear": clear or None,
        "lack": words.lacks(lack or [], until, only),
        "quota": [words.quota(one) for one in quota or []],
        "slow": [words.slow(one) for one in slow or []],
        "throttle": words.throttle(throttle, seed) if throttle else None,
        "reclaim": [{"instance": one} for one in reclaim or []],
    }
    given = {key: value for key, value in script.items() if value}
    found = client.market(_workspace(spec), given or None)
    typer.echo(json.dumps(found) if as_json else "\n".join(market_lines(found)))


@app.command()
def bill(spec: SpecOption = DEFAULT_SPEC, as_json: JsonOption = False) -> None:
    """Show the sandbox's own account of what ran, and what it would have cost."""
    from tideform.local import client
    from tideform.views.sandbox import bill_lines

    found = client.bill(_workspace(spec))
    typer.echo(json.dumps(found) if as_json else "\n".join(bill_lines(found)))


@app.command()
def env(spec: SpecOption = DEFAULT_SPEC, environment: EnvironmentOption = None, region: RegionOption = None) -> None:
    """Print the variables by which any AWS tool reaches the sandbox; the keys open nothing but it."""
    from tideform.views.sandbox import export_lines

    typer.echo("\n".join(export_lines(_variables(spec, environment, region))))


@app.command(name="exec", context_settings=_PASSTHROUGH)
def execute(
    command: Annotated[list[str], typer.Argument(help="The command and its arguments, after --.")],
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    region: RegionOption = None,
) -> None:
    """Run a command that reaches the sandbox: ``tideform sandbox exec -- aws s3 ls``. Ends with its exit code."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    try:
        done = subprocess.run(command, env={**variables, **_variables(spec, environment, region)}, check=False)
    except OSError as error:
        raise _error("TD516", "The command could not be started", f"{command[0]}: {error.strerror}") from error
    raise typer.Exit(done.returncode if done.returncode >= 0 else 128 - done.returncode)


def _variables(spec: Path, environment: str | None, region: str | None) -> dict[str, str]:
    from tideform.local import client

    where = region or load_deployment(spec, environment).region
    past_proxy = {name: os.environ[name] for name in ("NO_PROXY", "no_proxy") if name in os.environ}
    return {**client.ensure(_workspace(spec)).credentials.environ(where), **past_proxy}


def _workspace(spec: Path) -> Workspace:
    """The workspace of a spec, which need not be valid: a sandbox can be stopped whatever the file says."""
    from tideform.files import is_plain

    if not is_plain(spec):
        raise _error("TD515", "There is no project spec here", f"A sandbox belongs to a spec, and {spec} is none.")
    return Workspace(spec.absolute().parent)


def _error(code: str, summary: str, detail: str) -> SandboxError:
    fix = "name the spec with --spec FILE, or make one with `tideform init`" if code == "TD515" else "check the command"
    return SandboxError(Diagnostic(code, Severity.ERROR, summary, detail=detail, fix=fix))
