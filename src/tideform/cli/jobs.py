"""``tideform jobs``: what runs on a pool."""

from __future__ import annotations

import typer

from tideform.cli.burst_session import PoolArgument, as_it_stands, known
from tideform.cli.common import DEFAULT_SPEC, EnvironmentOption, JsonOption, SpecOption, load_deployment


def command(
    pool: PoolArgument,
    spec: SpecOption = DEFAULT_SPEC,
    environment: EnvironmentOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the jobs of a pool that have not finished."""
    from tideform.burst.runner import runner_for
    from tideform.connect import cloud_for
    from tideform.views.json_plan import write_json
    from tideform.views.lines import neutral

    deployment = load_deployment(spec, environment)
    cloud = cloud_for(deployment)
    deployment = as_it_stands(deployment, cloud, pool)
    chosen = deployment.spec.training[known(deployment, pool)]
    jobs = runner_for(cloud, deployment, pool, chosen.backend).jobs()
    if as_json:
        write_json({"pool": pool, "jobs": [vars(job) for job in jobs]})
        return
    for job in jobs:
        typer.echo(neutral(f"{job.id}  {job.status.lower():<9}  {job.name}"))
    if not jobs:
        typer.echo(f"No job runs or waits on {pool}.", err=True)
