"""``tideform logs``: what the jobs of a pool print, or have printed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli.burst_session import PoolArgument, as_it_stands, known
from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, SpecOption, load_deployment

if TYPE_CHECKING:
    from tideform.burst.halt import Halt
    from tideform.burst.node_streams import Attempt
    from tideform.burst.streams import Streams
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment

JobOption = Annotated[
    str | None, typer.Option("--job", help="A job's id, also of one that has finished; else the newest.", metavar="ID")
]
FollowOption = Annotated[bool, typer.Option("--follow", "-f", help="Go on until no job runs any more.")]
TailOption = Annotated[
    int | None, typer.Option("--tail", min=0, help="Of what is there already, the last lines alone.", metavar="LINES")
]


def command(
    pool: PoolArgument,
    job: JobOption = None,
    follow: FollowOption = False,
    tail: TailOption = None,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
) -> None:
    """Print a job's log, one that has finished too; kept for 90 days, on eks as long as the job's machines."""
    from tideform.burst.streams import Streams
    from tideform.connect import cloud_for

    deployment = load_deployment(spec, environment)
    cloud = cloud_for(deployment)
    deployment = as_it_stands(deployment, cloud, pool)
    lines = LastLines(tail, typer.echo)
    if deployment.spec.training[known(deployment, pool)].backend == "eks":
        _of_pods(cloud, deployment, pool, job, lines, follow)
    else:
        streams = Streams.of(cloud, deployment, pool)
        chosen = streams.of_job(pool, job)
        for attempt in chosen[: -1 if follow else None]:
            streams.show(attempt, lines)
        if follow:
            _follow(streams, chosen[-1], cloud, deployment, pool, lines)
    lines.catch_up()


@dataclass
class LastLines:
    """The last lines of what was printed before `catch_up`, or for None all; after it every line as it comes."""

    last: int | None
    on_line: Callable[[str], object]

    def __post_init__(self) -> None:
        self._kept: deque[str] | None = None if self.last is None else deque(maxlen=self.last)

    def __call__(self, line: str) -> None:
        """One more line."""
        if self._kept is None:
            self.on_line(line)
        else:
            self._kept.append(line)

    def catch_up(self) -> None:
        """What was there already has been read."""
        kept, self._kept = self._kept or (), None
        for line in kept:
            self.on_line(line)


def _follow(
    streams: Streams, attempt: Attempt, cloud: Cloud, deployment: Deployment, pool: str, lines: LastLines
) -> None:
    from tideform.burst.runner import runner_for

    runner = runner_for(cloud, deployment, pool, deployment.spec.training[pool].backend)
    streams.follow(attempt, lines, _pauses(lines), _poll(deployment), over=lambda: not runner.jobs())


def _of_pods(cloud: Cloud, deployment: Deployment, pool: str, job: str | None, lines: LastLines, follow: bool) -> None:
    from tideform.burst.eks.pod_logs import PodLogs

    logs = PodLogs.of(cloud, deployment, pool)
    if follow:
        logs.follow(pool, job, lines, _pauses(lines), _poll(deployment))
    else:
        logs.show(pool, job, lines)


def _pauses(lines: LastLines) -> Halt:
    """Whoever follows reads all there is and pauses then: from there on lines are new."""
    from tideform.burst.halt import Halt

    halt = Halt()
    halt.limits.append(lines.catch_up)
    return halt


def _poll(deployment: Deployment) -> float:
    return 0.3 if deployment.target == "local" else 3.0
