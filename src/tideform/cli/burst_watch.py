"""``tideform burst watch``: a live view of a pool; leaving it leaves the burst alone."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from tideform.cli.burst_session import PoolArgument, as_it_stands, known
from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, JsonOption, SpecOption, console, load_standing
from tideform.cli.run import say

if TYPE_CHECKING:
    from tideform.burst.watching import Watched
    from tideform.spec.deployment import Deployment


def watch(
    pool: PoolArgument,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show jobs, machines, cost and what is left of the lease as they change; Ctrl-C leaves the burst alone.

    It ends when nobody holds the pool and nothing runs; what could not be asked is told, and is not taken for that.
    """
    deployment = load_standing(spec, environment)
    seen = _looks(deployment, pool)
    try:
        if as_json or not sys.stdout.isatty():
            _lines(seen, as_json)
        else:
            _live(seen)
    except KeyboardInterrupt:
        say(f"The burst goes on. `tideform burst down {pool}` ends it.")


def _looks(deployment: Deployment, pool: str) -> Iterator[Watched]:
    """One look after the other, until the pool is idle."""
    from tideform.burst.watching import look
    from tideform.connect import cloud_for

    cloud, pause = cloud_for(deployment), 0.5 if deployment.target == "local" else 10.0
    deployment = as_it_stands(deployment, cloud, pool)
    known(deployment, pool)
    while True:
        seen = look(cloud, deployment, pool, cloud.clock())
        yield seen
        if seen.over:
            return
        time.sleep(pause)


def _lines(looks: Iterator[Watched], as_json: bool) -> None:
    """One line a change."""
    import json

    from tideform.views.burst_watch import watched_json, watched_line

    before: object = None
    for seen in looks:
        if seen.marks != before:
            typer.echo(json.dumps(watched_json(seen)) if as_json else watched_line(seen))
        before = seen.marks


def _live(looks: Iterator[Watched]) -> None:
    """A few lines that are drawn anew."""
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    from tideform.views.burst_watch import watched_lines

    with Live(console=console(), auto_refresh=False) as live:
        for seen in looks:
            live.update(Group(*(Text(line.text, style=line.style or "") for line in watched_lines(seen))), refresh=True)
