"""``tideform burst extend``, ``reap`` and ``shell``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli.burst_session import PoolArgument, as_it_stands, ask_about_cost, known
from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, JsonOption, SpecOption, console, load_standing
from tideform.cli.run import YesOption, say

if TYPE_CHECKING:
    from tideform.spec.quantities import Duration

NodeOption = Annotated[int, typer.Option("--node", min=0, help="Which machine, by its number from 0, oldest first.")]
ByArgument = Annotated[str, typer.Argument(help="How much longer: 30m, 2h.", metavar="DURATION")]
UnheldOption = Annotated[
    bool, typer.Option("--unheld", help="End machines that name no lease at once, without their grace.")
]
InsteadArgument = Annotated[
    list[str] | None, typer.Argument(help="After --: instead of a shell.", metavar="[-- COMMAND...]")
]


def extend(
    pool: PoolArgument,
    by: ByArgument,
    yes: YesOption = False,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give your running bursts of a pool more time, up to what the spec's limits and the backend allow."""
    from tideform.burst.extend import extend as extended_by
    from tideform.burst.extend import prolonged
    from tideform.burst.halt import AT_HAND, uncut
    from tideform.burst.runner import runner_for
    from tideform.burst.table import LeaseTable
    from tideform.connect import cloud_for
    from tideform.pools.worst_case import worst_of
    from tideform.views.burst import lease_json, lease_words
    from tideform.views.json_plan import write_json

    longer = _duration(by)
    deployment = load_standing(spec, environment)
    cloud = cloud_for(deployment)
    deployment = as_it_stands(deployment, cloud, pool)
    known(deployment, pool)
    runner = runner_for(cloud, deployment, pool)
    table = LeaseTable.of(cloud, deployment)
    for wanted in prolonged(table, deployment, pool, longer):
        say(f"Worst case of the whole burst: {worst_of(wanted) or 'its machines have no price'}.")
        ask_about_cost(wanted, yes, "Make it longer", "Give --yes, or ask for less time.")
    with uncut(say, AT_HAND):  # the lease and what ends its machines belong together
        extended = extended_by(table, runner, deployment, pool, longer)
    if as_json:
        write_json({"leases": [lease_json(lease) for lease in extended.leases], "remarks": list(extended.remarks)})
        return
    for lease in extended.leases:
        typer.echo(lease_words(lease))
    for remark in extended.remarks:
        say(f"Note: {remark}.")


def reap(
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
    unheld: UnheldOption = False,
) -> None:
    """Run the reaper's round once from here: bursts that are over end, and what no lease holds."""
    from tideform.burst.halt import AT_HAND, uncut
    from tideform.burst.ownerless import sighted
    from tideform.burst.reap_here import reap_here
    from tideform.connect import cloud_for
    from tideform.errors import ExitCode
    from tideform.views.json_plan import write_json
    from tideform.views.lines import emit
    from tideform.views.unasked import unasked_json
    from tideform.views.unheld import reaped_lines, unheld_json

    deployment = load_standing(spec, environment)
    cloud = cloud_for(deployment)
    with uncut(say, AT_HAND):
        told = reap_here(cloud, deployment, at_once=unheld)
    left = sighted(cloud, deployment)
    if as_json:
        write_json({**told, "unheld": unheld_json(left), "unasked": unasked_json(left.unasked)})
    else:
        emit(reaped_lines(told["did"], told["failures"], left), console())
    if told.get("failures") or left.unasked:
        raise typer.Exit(ExitCode.ERROR)


def shell(
    pool: PoolArgument,
    command: InsteadArgument = None,
    node: NodeOption = 0,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
) -> None:
    """Open a shell on a machine of a pool; exits with its code."""
    from tideform.burst.node_shell import node_of, open_shell
    from tideform.burst.runner import runner_for
    from tideform.connect import cloud_for

    deployment = load_standing(spec, environment)
    cloud = cloud_for(deployment)
    deployment = as_it_stands(deployment, cloud, pool)
    known(deployment, pool)
    found = node_of(pool, runner_for(cloud, deployment, pool).capacity(), node)
    if deployment.target == "local":
        say(f"{found.id} is emulated: this is a shell of this machine, in the node's environment.")
    raise typer.Exit(open_shell(cloud, deployment, pool, found, command or []))


def _duration(text: str) -> Duration:
    from tideform.spec.quantities import Duration

    try:
        return Duration.parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text}: {error}") from error
