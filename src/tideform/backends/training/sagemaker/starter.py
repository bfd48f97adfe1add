"""What a starter of training jobs is told and may do. Pure but for what foundation tells."""

from __future__ import annotations

from typing import Any

from tideform.backends.training.sagemaker.names import TrainingNames
from tideform.components.iam.policies import allow
from tideform.components.jobs.begins import Begins
from tideform.components.network.pool_subnets import pool_subnets
from tideform.pools.shape import shape_of
from tideform.registry.training import PoolOrder

# Warm machines that a job does not take up count with its own (`backends.training.sagemaker.in_account.warm`).
_MAKE_WAY = ("sagemaker:DescribeTrainingJob", "sagemaker:ListTags", "sagemaker:UpdateTrainingJob")


def on_sagemaker(order: PoolOrder, requests: list[dict[str, Any]]) -> Begins:
    """Training jobs are created under the role that they run as (`backends.training.sagemaker.in_account.starting`).

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
