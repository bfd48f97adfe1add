"""``tideform logs``: what the jobs of a pool print, or have printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tideform.cli.burst_session import PoolArgument, as_it_stands, known
from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, SpecOption, load_deployment

if TYPE_CHECKING:
    from tideform.burst.node_streams import Attempt
    from tideform.burst.streams import Streams
    from tideform.cloud import Cloud
    from tideform.spec.deployment import Deployment

JobOption = Annotated[
    str | None, typer.Option("--job", help="A job's id, also of one that has finished; else the newest.", metavar="ID")
]
FollowOption = Annotated[bool, typer.Option("--follow", help="Go on until no job runs any more.")]


def command(
    pool: PoolArgument,
    job: JobOption = None,
    follow: FollowOption = False,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
) -> None:
    """Print a job's log, one that has finished too; kept for 90 days, on eks as long as the job's machines."""
    from tideform.burst.streams import Streams
    from tideform.connect import cloud_for

    deployment = load_deployment(spec, environment)
    cloud = cloud_for(deployment)
    deployment = as_it_stands(deployment, cloud, pool)
    if deployment.spec.training[known(deployment, pool)].backend == "eks":
        _of_pods(cloud, deployment, pool, job, follow)
        return
    streams = Streams.of(cloud, deployment, pool)
    chosen = streams.of_job(pool, job)
    for attempt in chosen[: -1 if follow else None]:
        streams.show(attempt, typer.echo)
    if follow:
        _follow(streams, chosen[-1], cloud, deployment, pool)


def _follow(streams: Streams, attempt: Attempt, cloud: Cloud, deployment: Deployment, pool: str) -> None:
    from tideform.burst.halt import Halt
    from tideform.burst.runner import runner_for

    runner = runner_for(cloud, deployment, pool, deployment.spec.training[pool].backend)
    streams.follow(attempt, typer.echo, Halt(), _poll(deployment), over=lambda: not runner.jobs())


def _of_pods(cloud: Cloud, deployment: Deployment, pool: str, job: str | None, follow: bool) -> None:
    from tideform.burst.eks.pod_logs import PodLogs
    from tideform.burst.halt import Halt

    logs = PodLogs.of(cloud, deployment, pool)
    if follow:
        logs.follow(pool, job, typer.echo, Halt(), _poll(deployment))
    else:
        logs.show(pool, job, typer.echo)


def _poll(deployment: Deployment) -> float:
    return 0.3 if deployment.target == "local" else 3.0
