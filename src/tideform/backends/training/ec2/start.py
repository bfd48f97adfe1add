"""What a pool's starter is told of its machines and its job: the very words of `burst run`. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tideform.backends.training.ec2.jobs import members, task_of
from tideform.backends.training.ec2.names import GroupNames
from tideform.burst.carrying import Carried
from tideform.burst.runner import Work
from tideform.burst.sizing import sizing
from tideform.burst.sweep import with_sweep
from tideform.pools.purchase import purchases
from tideform.spec.deployment import Deployment


def words(deployment: Deployment, name: str, cargo: Carried) -> dict[str, Any]:
    """As `backends.training.ec2.in_account.starting` reads them."""
    pool, size = deployment.spec.training[name], sizing(deployment.spec.training[name])
    work = with_sweep(Work(cargo.command, environment=cargo.plan.get("environment", {}), nodes=pool.job.nodes), pool)
    tasks = [asdict(task_of(deployment, name, work, own)) for own in members(work)]
    return {
        "tasks": tasks,
        "size": pool.job.nodes,
        "nodes": max(size.nodes, pool.job.nodes * len(tasks)),
        "most": size.most_nodes,
        "rungs": [{"kind": way.kind, "reservation": way.reservation} for way in purchases(pool)],
        "log_group": GroupNames(deployment, name).log_group,
    }
