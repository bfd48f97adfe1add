"""What a starter on AWS Batch is told, what it may do, and how long it takes. Pure."""

from __future__ import annotations

from typing import Any

from tideform.backends.training.batch.job_size import can_be_overridden
from tideform.components.iam.policies import allow
from tideform.components.jobs.begins import MINUTES, Begins, ours
from tideform.components.jobs.cargo import Cargo
from tideform.components.jobs.command import gathered, grid_variables, swept, with_empty
from tideform.components.jobs.environment import empty_variables
from tideform.errors import RefusedError
from tideform.pools.names import PoolNames
from tideform.registry.training import PoolOrder

_LOOK_AT_QUEUE = (
    "batch:DescribeComputeEnvironments",
    "batch:DescribeJobQueues",
    "ec2:DescribeInstances",  # what the other ways of buying hold bounds the one that is opened
)


def on_batch(order: PoolOrder, cargo: Cargo) -> Begins:
    """The queue is opened, and one job submitted (`backends.training.batch.in_account.starting`)."""
    scope, names = order.scope, PoolNames(order.scope.deployment, order.name)
    queue = scope.arn("batch", f"job-queue/{names.job_queue}")
    definition = scope.arn("batch", f"job-definition/{names.job_definition}")
    environments = scope.arn("batch", "compute-environment/*")
    blocks = ["ec2:DescribeCapacityReservations"] if order.pool.capacity.blocks else []
    statements = [
        allow("Look", [*_LOOK_AT_QUEUE, *blocks], ["*"]),
        allow("Open", ["batch:UpdateComputeEnvironment", "batch:UpdateJobQueue"], [queue, environments], ours(order)),
        allow("Submit", ["batch:SubmitJob"], [queue, definition, f"{definition}:*"]),
        allow("TagJobs", ["batch:TagResource"], [scope.arn("batch", "job/*")]),
    ]
    several = order.pool.job.nodes > 1
    plan = {"parameter": "nodeOverrides" if several else "containerOverrides", **_command(order, cargo)}
    return Begins(plan, statements, seconds=MINUTES)


def _command(order: PoolOrder, cargo: Cargo) -> dict[str, Any]:
    """The command where it is not the definition's: with the variables of a sweep, one member an index."""
    job = order.pool.job
    command = with_empty(cargo.command, empty_variables(job))
    if job.sweep is not None:
        array = grid_variables(job.sweep.grid)
        return {"array": len(array), "overrides": _short(order, swept(command, array), cargo)}
    if cargo.command == job.command:
        return {}
    return {"overrides": _short(order, gathered(command) if job.nodes > 1 else command, cargo)}


def _short(order: PoolOrder, command: list[str], cargo: Cargo) -> dict[str, Any]:
    """Raises `RefusedError` TD636 where Batch would take it, and fail the job: its role makes no definitions."""
    if can_be_overridden({"command": command, "environment": cargo.plan.get("environment", {})}):
        return {"command": command}
    raise RefusedError.of(
        "TD636",
        "The job is told too much to start by itself",
        detail=f"The command of {order.name}, with its sweep and its variables, is longer than the 8,192 characters of "
        "overrides that Amazon ECS takes: the job would fail once its machines are there.",
        fix="Put long values into a file of job.code, and let the sweep name them.",
    )
