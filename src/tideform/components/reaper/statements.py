"""What the reaper may do: end capacity that carries the project's tags, count it, begin lost jobs anew, tell. Pure.

Which action takes which resource and condition: the Service Authorization Reference of each service,
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
Actions that list and describe take no resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tideform.components.iam.grants import use_key
from tideform.components.iam.policies import Statement, allow
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
# Of pools on EC2 Auto Scaling, whose jobs it begins anew where they lost their machines and nobody follows them.
_LOOK_AT_GROUPS = ("autoscaling:DescribeScalingActivities", "ssm:DescribeInstanceInformation")
# Tags of AWS itself on machines: of Auto Scaling's groups, and of Batch's environments.
_LAUNCHED_BY = {"Group": "aws:autoscaling:groupName", "Environment": "aws:batch:compute-environment"}
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
# By name: the word of a pool's handle, and the resources that go by it.
_CALLED = {
    "Batch": ("job_queue", ("job-queue/{}", "compute-environment/{}-*")),
    "Groups": ("group", ("autoScalingGroup:*:autoScalingGroupName/{}",)),
    "TrainingJobs": ("job_prefix", ("training-job/{}*",)),
}
_MOST_NAMED = 12  # pools of a backend; beyond that all of the deployment, as a role's policies hold 10,240 characters


def reaper_statements(
    scope: Scope,
    *,
    table_arn: str,
    topic_arn: str,
    log_group: str,
    launch_roles: Iterable[str],
    reserved: Iterable[str],
    handles: Iterable[Mapping[str, Any]] = (),
) -> list[Statement]:
    """``launch_roles`` are the ARNs of roles that launch machines by themselves: they may be denied to.

    ``handles`` of the pools say what their queues, groups and training jobs are called: they end also without tags.
    ``reserved`` are ids of reservations and ARNs of training plans, which are looked at.
    """
    kinds = {"sagemaker:DescribeTrainingPlan" if one.startswith("arn:") else _RESERVATIONS for one in reserved}
    pools = list(handles)
    groups = any("group" in handle for handle in pools)
    statements = [
        allow("Look", [*_LOOK, *(_LOOK_AT_GROUPS if groups else ()), *sorted(kinds)], ["*"]),
        *_ends(scope),
        *_members(scope),
        *_by_name(scope, pools),
        *(_begins_anew(scope) if groups else ()),
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


def _begins_anew(scope: Scope) -> Iterator[Statement]:
    """Commands go to our machines alone, and are shell scripts.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
    """
    document = f"arn:{scope.partition}:ssm:{scope.region}::document/AWS-RunShellScript"
    yield allow("Send", ["ssm:SendCommand"], [document])
    yield allow("SendThere", ["ssm:SendCommand"], _arns(scope, "Machines"), {"StringEquals": _tags(scope)})


def _ends(scope: Scope) -> list[Statement]:
    ours = {"StringEquals": _tags(scope)}
    return [allow(f"End{what}", list(actions), _arns(scope, what), ours) for what, (actions, _) in _END.items()]


def _members(scope: Scope) -> Iterator[Statement]:
    """Machines that lost the project's tags are known by tags of AWS itself (`reaper.members`)."""
    machines = _arns(scope, "Machines")
    for what, tag in _LAUNCHED_BY.items():
        name = f"{scope.deployment.name}-*"
        names = [name, f"AWSBatch-{name}"] if what == "Group" else [name]
        launched = {"StringLike": {f"aws:ResourceTag/{tag}": names}}
        yield allow(f"MembersOf{what}", ["ec2:TerminateInstances"], machines, launched)


def _by_name(scope: Scope, handles: list[Mapping[str, Any]]) -> Iterator[Statement]:
    """What else lost them is known by its name, unless its tags say that it is another project's.

    Jobs of Batch have no name in their ARN: the reaper asks only for those in its own queues.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbatch.html
    """
    not_others = {"StringEqualsIfExists": _tags(scope)}
    for what, (word, patterns) in _CALLED.items():
        names = [str(handle[word]) for handle in handles if word in handle]
        if len(names) > _MOST_NAMED:
            names = [f"{scope.deployment.name}-*"]
        service = _END[what][1][0]
        if resources := [scope.arn(service, pattern.format(name)) for name in names for pattern in patterns]:
            jobs = [scope.arn("batch", "job/*")] if what == "Batch" else []
            yield allow(f"{what}ByName", list(_END[what][0]), [*resources, *jobs], not_others)


def _tags(scope: Scope) -> dict[str, str]:
    tags = {"project": scope.deployment.spec.project, "environment": scope.deployment.environment}
    return {f"aws:ResourceTag/tideform:{key}": value for key, value in tags.items()}


def _arns(scope: Scope, what: str) -> list[str]:
    service, resources = _END[what][1]
    return [scope.arn(service, resource) for resource in resources]
