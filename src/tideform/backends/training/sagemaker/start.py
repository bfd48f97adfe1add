"""The training jobs that a pool's starter creates: the very requests of `burst run`, with marks for what comes later.

Nobody is there to go down the ladder, so they take its first rung. Pure.
"""

from __future__ import annotations

from typing import Any

from tideform.backends.training.sagemaker.in_account.starting import CHECKPOINTS, GROUP, KEY, LEASE, SUBNETS
from tideform.backends.training.sagemaker.names import TrainingNames, rungs
from tideform.backends.training.sagemaker.place import Place
from tideform.backends.training.sagemaker.request import JobOrder, request
from tideform.burst.carrying import Carried
from tideform.burst.lease import Lease, Mode
from tideform.burst.runner import Work
from tideform.burst.sweep import with_sweep
from tideform.components.scope import Scope
from tideform.pools.shape import shape_of
from tideform.process import Process
from tideform.spec.deployment import Deployment

_NOWHERE = Process(0, "", "", "", 0)


def requests(deployment: Deployment, name: str, cargo: Carried) -> list[dict[str, Any]]:
    """One for each member of the pool's sweep, or one. Raises `RefusedError` TD654 as `request` does."""
    pool = deployment.spec.training[name]
    lease = Lease(LEASE, name, "", _NOWHERE, Mode.SCHEDULE, 0, 0, None)
    role = Scope(deployment, "training").role_arn(TrainingNames(deployment, name).role)
    place = Place((SUBNETS,), GROUP, KEY, role)
    work = with_sweep(_work(cargo, pool.job.nodes), pool)
    purchase, kind = next(rungs(pool, shape_of(pool).instance_types))
    return [
        request(JobOrder(deployment, name, lease, work, place, index, own), 0, purchase, kind, pool.lease.seconds)
        for index, own in enumerate(work.array or (None,))
    ]


def _work(cargo: Carried, nodes: int) -> Work:
    variables = dict(cargo.plan.get("environment", {}))
    if "checkpoints" not in cargo.plan:
        return Work(cargo.command, environment=variables, nodes=nodes)
    saved = {f"TIDEFORM_CHECKPOINT_{name}": CHECKPOINTS for name in ("URI", "RUN_URI")}
    return Work(cargo.command, environment={**variables, **saved}, nodes=nodes, checkpoint_uri=CHECKPOINTS)
