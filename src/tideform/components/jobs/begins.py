"""What of a pool's starter is its backend's own: what it is told, what it may do, and how long it takes. Pure but for
what foundation tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from tideform.backends.training.batch.job_size import can_be_overridden
from tideform.backends.training.ec2.names import GroupNames
from tideform.backends.training.sagemaker.names import TrainingNames
from tideform.components.iam.policies import Statement, allow
from tideform.components.jobs.cargo import Cargo
from tideform.components.jobs.command import gathered, grid_variables, swept, with_empty
from tideform.components.jobs.environment import empty_variables
from tideform.components.network.pool_subnets import pool_subnets
from tideform.errors import RefusedError
from tideform.model.moved_by_bursts import LEASE_TAGS
from tideform.pools.names import PoolNames
from tideform.pools.shape import shape_of
from tideform.registry.training import PoolOrder

_SECONDS = 120  # a job is taken in a few
_MINUTES = 900  # machines come, and Batch updates an environment, in minutes; a function has no longer
_LOOK_AT_MACHINES = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:DescribeScheduledActions",
    "ec2:DescribeInstances",
    "ssm:DescribeInstanceInformation",
)
_LOOK_AT_QUEUE = (
    "batch:DescribeComputeEnvironments",
    "batch:DescribeJobQueues",
    "ec2:DescribeInstances",  # what the other ways of buying hold bounds the one that is opened
)
# Warm machines that a job does not take up count with its own (`burst.reaper.warm`).
_MAKE_WAY = ("sagemaker:DescribeTrainingJob", "sagemaker:ListTags", "sagemaker:UpdateTrainingJob")
_LAUNCH = (
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:PutScheduledUpdateGroupAction",
    "autoscaling:ResumeProcesses",
    "autoscaling:SuspendProcesses",  # the evening out of zones, on groups of older versions
    "autoscaling:UpdateAutoScalingGroup",
)


@dataclass(frozen=True)
class Begins:
    """``plan`` goes into the starter's own, ``place`` into its variables, and ``seconds`` bound one start."""

    plan: dict[str, Any]
    statements: list[Statement]
    place: Mapping[str, pulumi.Input[Any]] = field(default_factory=dict)
    seconds: int = _SECONDS


def ours(order: PoolOrder) -> dict[str, dict[str, str]]:
    """The condition that picks what carries this pool's tags."""
    scope = order.scope
    tags = scope.deployment.tags("training", scope.unit)
    own = ("tideform:project", "tideform:environment", "tideform:unit")
    return {"StringEquals": {f"aws:ResourceTag/{key}": tags[key] for key in own if key in tags}}


def on_batch(order: PoolOrder, cargo: Cargo) -> Begins:
    """The queue is opened, and one job submitted (`burst.reaper.starting.batch`)."""
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
    return Begins(plan, statements, seconds=_MINUTES)


def on_sagemaker(order: PoolOrder, requests: list[dict[str, Any]]) -> Begins:
    """Training jobs are created under the role that they run as (`burst.reaper.starting.sagemaker`).

    https://docs.aws.amazon.com/sagemaker/latest/dg/api-permissions-reference.html
    https://docs.aws.amazon.com/sagemaker/latest/dg/training-plan-iam-permissions.html
    """
    scope, names, site = order.scope, TrainingNames(order.scope.deployment, order.name), order.site
    jobs = [scope.arn("sagemaker", f"training-job/{names.prefix}*")]
    passed = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    statements = [
        allow("Look", ["sagemaker:ListTrainingJobs"], ["*"]),
        allow("MakeWay", _MAKE_WAY, jobs),
        allow("Create", ["sagemaker:CreateTrainingJob", "sagemaker:AddTags"], jobs),
        allow("RunAs", ["iam:PassRole"], [scope.role_arn(names.role)], passed),
    ]
    if plans := order.pool.capacity.blocks:
        within = [*plans, scope.arn("sagemaker", "reserved-capacity/*")]
        statements.append(allow("UsePlans", ["sagemaker:CreateTrainingJob"], within))
    place = {"subnets": pool_subnets(order), "security_group": site.security_group_id, "key_arn": site.key_arn}
    machines = sum(int(request["ResourceConfig"]["InstanceCount"]) for request in requests)
    bound = {"machines": machines, "most": shape_of(order.pool).nodes}
    return Begins({"requests": requests, **bound}, statements, place)


def on_ec2(order: PoolOrder, words: dict[str, Any]) -> Begins:
    """The group is scheduled to end and let launch, and the job sent to its machines (`burst.reaper.starting.ec2`).

    UpdateAutoScalingGroup asks for ``ec2:RunInstances`` only where it is given a launch template, which it is not.
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-api-permissions.html
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
    """
    scope, names = order.scope, GroupNames(order.scope.deployment, order.name)
    group = scope.arn("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{names.group}")
    machines = [scope.arn("ec2", "instance/*")]
    own = ours(order)
    said = {"ForAllValues:StringEquals": {"aws:TagKeys": [*LEASE_TAGS]}}
    document = f"arn:{scope.partition}:ssm:{scope.region}::document/AWS-RunShellScript"
    return Begins(
        words,
        [
            allow("Look", _LOOK_AT_MACHINES, ["*"]),
            allow("Launch", _LAUNCH, [group], own),
            allow("SayWhose", ["ec2:CreateTags"], machines, {**own, **said}),
            allow("Send", ["ssm:SendCommand"], [document]),
            allow("SendThere", ["ssm:SendCommand"], machines, own),
        ],
        seconds=_MINUTES,
    )


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
