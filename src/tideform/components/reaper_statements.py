"""What the reaper may do: end capacity that carries the project's tags, count it, and tell. Pure.

Which action takes which resource and condition: the Service Authorization Reference of each service,
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
Actions that list and describe take no resource.
"""

from __future__ import annotations

from collections.abc import Iterable

from tideform.components.grants import use_key
from tideform.components.policies import Statement, allow
from tideform.components.scope import Scope

_LOOK = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeScheduledActions",
    "batch:DescribeComputeEnvironments",
    "batch:DescribeJobQueues",
    "batch:DescribeJobs",
    "batch:ListJobs",
    "cloudwatch:GetMetricData",
    "ec2:DescribeInstances",
    "ec2:DescribeSpotPriceHistory",
    "sagemaker:ListTrainingJobs",
    "ssm:DescribeSessions",
    "ssm:ListCommandInvocations",
    "ssm:ListCommands",
)
_RESERVATIONS = "ec2:DescribeCapacityReservations"
# By tag: the action, and the resource that it takes.
_END = {
    "Batch": (
        ("batch:UpdateComputeEnvironment", "batch:UpdateJobQueue", "batch:TerminateJob"),
        ("batch", ("compute-environment/*", "job-queue/*", "job/*")),
    ),
    "Machines": (("ec2:TerminateInstances",), ("ec2", ("instance/*",))),
    "Groups": (
        (
            "autoscaling:CompleteLifecycleAction",
            "autoscaling:DeleteScheduledAction",
            "autoscaling:DeleteTags",
            "autoscaling:SuspendProcesses",
            "autoscaling:UpdateAutoScalingGroup",
        ),
        ("autoscaling", ("autoScalingGroup:*:autoScalingGroupName/*",)),
    ),
    "TrainingJobs": (
        ("sagemaker:StopTrainingJob", "sagemaker:UpdateTrainingJob"),
        ("sagemaker", ("training-job/*",)),
    ),
}


def reaper_statements(
    scope: Scope,
    *,
    table_arn: str,
    topic_arn: str,
    log_group: str,
    launch_roles: Iterable[str],
    reserved: Iterable[str],
) -> list[Statement]:
    """``launch_roles`` are the ARNs of roles that launch machines by themselves: they may be denied to.

    ``reserved`` are ids of reservations and ARNs of training plans, which are looked at.
    """
    kinds = {"sagemaker:DescribeTrainingPlan" if one.startswith("arn:") else _RESERVATIONS for one in reserved}
    look = [*_LOOK, *sorted(kinds)]
    statements = [
        allow("Look", look, ["*"]),
        *_ends(scope),
        allow("LookAtJobs", ["sagemaker:DescribeTrainingJob", "sagemaker:ListTags"], _arns(scope, "TrainingJobs")),
        allow("CancelCommands", ["ssm:CancelCommand"], ["*"]),  # takes no resource, and commands carry no tags
        allow("Leases", ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:UpdateItem"], [table_arn]),
        allow("Tell", ["sns:Publish"], [topic_arn]),
        allow("AskToSave", ["s3:PutObject"], [scope.bucket_arn(f"{scope.deployment.name}-*", "*.tideform/save-now")]),
        allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], [scope.arn("logs", f"log-group:{log_group}:*")]),
        use_key(scope),
    ]
    if roles := list(launch_roles):
        statements.append(allow("DenyLaunching", ["iam:PutRolePolicy"], roles))
        clusters = [scope.arn("eks", f"cluster/{scope.deployment.name}-*")]
        statements.append(allow("ReachClusters", ["eks:DescribeCluster"], clusters))
    return statements


def _ends(scope: Scope) -> list[Statement]:
    tags = {"project": scope.deployment.spec.project, "environment": scope.deployment.environment}
    ours = {"StringEquals": {f"aws:ResourceTag/tideform:{key}": value for key, value in tags.items()}}
    return [allow(f"End{what}", list(actions), _arns(scope, what), ours) for what, (actions, _) in _END.items()]


def _arns(scope: Scope, what: str) -> list[str]:
    service, resources = _END[what][1]
    return [scope.arn(service, resource) for resource in resources]
