"""The policy documents of bootstrap: the state bucket's, the CI role's trust and its rights. Pure."""

from __future__ import annotations

from typing import Any

from tideform.engine.bootstrap.names import ci_role_arn, partition, state_bucket, state_prefix
from tideform.spec.deployment import Deployment

GITHUB = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"

# The services that the stacks build from. IAM, S3, the key and the state have statements of their own.
_SERVICES = (
    "application-autoscaling", "autoscaling", "batch", "cloudtrail", "cloudwatch", "dynamodb", "ec2",
    "ecr", "ecs", "eks", "events", "kms", "lambda", "logs", "sagemaker", "scheduler", "sns", "sqs", "ssm",
)  # fmt: skip
_PASSED_TO = (
    "application-autoscaling", "batch", "budgets", "cloudtrail", "ec2", "ecs-tasks", "eks", "events", "lambda",
    "pods.eks", "sagemaker", "scheduler", "vpc-flow-logs",
)  # fmt: skip


def bucket_policy(deployment: Deployment) -> dict[str, Any]:
    """Nothing without TLS."""
    arn = _bucket_arn(deployment)
    return _document(
        {
            "Sid": "DenyWithoutTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )


def github_trust(deployment: Deployment, repository: str) -> dict[str, Any]:
    """Workflows of one repository: those of its main branch, and those that name the GitHub environment.

    Not ``repo:OWNER/REPO:*``: any branch anybody can push to, and any pull request, would have these rights.
    """
    subjects = [
        f"repo:{repository}:ref:refs/heads/main",
        f"repo:{repository}:environment:{deployment.environment}",
    ]
    condition = {f"{GITHUB}:aud": AUDIENCE, f"{GITHUB}:sub": subjects}
    principal = {"Federated": github_provider_arn(deployment)}
    return _document(_assume("sts:AssumeRoleWithWebIdentity", principal, {"StringEquals": condition}))


def principal_trust(arn: str) -> dict[str, Any]:
    """One user or role."""
    return _document(_assume("sts:AssumeRole", {"AWS": arn}, None))


def github_provider_arn(deployment: Deployment) -> str:
    """The account's identity provider for GitHub; there can be only one."""
    return f"arn:{partition(deployment.region)}:iam::{deployment.account}:oidc-provider/{GITHUB}"


def state_rights(deployment: Deployment, key_arn: str) -> dict[str, Any]:
    """Read and write this project's part of the state, and use its key; no right on the bucket itself."""
    arn = _bucket_arn(deployment)
    use = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"]
    objects = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    return _document(
        _allow("List", ["s3:ListBucket", "s3:GetBucketLocation"], [arn]),
        _allow("Objects", objects, [f"{arn}/{state_prefix(deployment)}*"]),
        _allow("Key", use, [key_arn]),
    )


def provisioning_rights(deployment: Deployment) -> dict[str, Any]:
    """Make and remove what the stacks consist of, in the environment's region, under the project's names only.

    It writes the rights of roles that bear the project's name: who may run CI may act with those.
    """
    base = f"arn:{partition(deployment.region)}"
    own = f"{base}:iam::{deployment.account}"
    mine = f"{deployment.name}-*"
    region = {"StringEquals": {"aws:RequestedRegion": deployment.region}}
    passed = {"StringEquals": {"iam:PassedToService": _services(deployment.region)}}
    roles = [f"{own}:role/{mine}", f"{own}:instance-profile/{mine}"]
    linked = [f"{own}:role/aws-service-role/*"]
    return _document(
        _allow("Services", [f"{service}:*" for service in _SERVICES], ["*"], region),
        _allow("Buckets", ["s3:*"], [f"{base}:s3:::{mine}"]),
        _allow("Parameters", ["ssm:GetParameter", "ssm:GetParameters"], [f"{base}:ssm:*::parameter/aws/*"]),
        _allow("Roles", _ROLE_ACTIONS, roles),
        _allow("Policies", _POLICY_ACTIONS, [f"{own}:policy/{mine}"]),
        _allow("PassRoles", ["iam:PassRole"], [f"{own}:role/{mine}"], passed),
        _allow("ServiceLinkedRoles", ["iam:CreateServiceLinkedRole", "iam:GetRole"], linked),
        _allow("Budgets", ["budgets:*"], [f"{base}:budgets::{deployment.account}:budget/{deployment.name}*"]),
        _allow("Inventory", _INVENTORY, ["*"]),
        {"Sid": "NotItself", "Effect": "Deny", "Action": _ROLE_CHANGES, "Resource": [ci_role_arn(deployment)]},
    )


def _services(region: str) -> list[str]:
    """Who takes our roles; in China EC2 has a name of its own there, which other services have not."""
    own = ["ec2.amazonaws.com.cn"] if partition(region) == "aws-cn" else []
    return [*(f"{service}.amazonaws.com" for service in _PASSED_TO), *own]


def takes_role(arn: str) -> dict[str, Any]:
    """Take the role that the environment names; what that one may do is its owner's business."""
    return _document(_allow("Assume", ["sts:AssumeRole"], [arn]))


# A receipt asks every service what is left, and these take no narrower resource.
_INVENTORY = [
    "iam:ListInstanceProfiles", "iam:ListPolicies", "iam:ListRoles", "s3:ListAllMyBuckets",
    "sts:GetCallerIdentity", "tag:GetResources",
]  # fmt: skip
_ROLE_CHANGES = [
    "iam:AttachRolePolicy", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePolicy",
    "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription",
]  # fmt: skip
_ROLE_ACTIONS = [
    *_ROLE_CHANGES, "iam:AddRoleToInstanceProfile", "iam:CreateInstanceProfile", "iam:CreateRole",
    "iam:DeleteInstanceProfile", "iam:GetInstanceProfile", "iam:GetRole", "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies", "iam:ListRoleTags",
    "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile", "iam:UntagInstanceProfile",
]  # fmt: skip
_POLICY_ACTIONS = [
    "iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:GetPolicy",
    "iam:GetPolicyVersion", "iam:ListPolicyTags", "iam:ListPolicyVersions", "iam:TagPolicy", "iam:UntagPolicy",
]  # fmt: skip


def _bucket_arn(deployment: Deployment) -> str:
    return f"arn:{partition(deployment.region)}:s3:::{state_bucket(deployment)}"


def _assume(action: str, principal: dict[str, str], condition: dict[str, Any] | None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Principal": principal}
    return statement if condition is None else {**statement, "Condition": condition}


def _allow(
    sid: str, actions: list[str], resources: list[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return statement if condition is None else {**statement, "Condition": condition}


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
