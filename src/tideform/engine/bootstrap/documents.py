"""The policy documents of bootstrap: the state bucket's, the CI role's trust and its rights. Pure.

What CI may do follows from the types that the stacks consist of (`engine.bootstrap.needed`).
"""

from __future__ import annotations

from typing import Any

from tideform.engine.bootstrap import needed
from tideform.engine.bootstrap.names import ci_role_arn, state_bucket, state_prefix
from tideform.spec.deployment import Deployment
from tideform.spec.regions import partition

GITHUB = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"


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
    passed = {"StringEquals": {"iam:PassedToService": _principals(deployment.region)}}
    roles = [f"{own}:role/{mine}", f"{own}:instance-profile/{mine}"]
    linked = [f"{own}:role/aws-service-role/*"]
    return _document(
        _allow("Services", [f"{service}:*" for service in needed.services()], ["*"], region),
        _allow("Buckets", ["s3:*"], [f"{base}:s3:::{mine}"]),
        _allow("Parameters", ["ssm:GetParameter", "ssm:GetParameters"], [f"{base}:ssm:*::parameter/aws/*"]),
        _allow("Roles", [*needed.role_changes(), *needed.role_uses()], roles),
        _allow("Policies", needed.policy_actions(), [f"{own}:policy/{mine}"]),
        _allow("PassRoles", ["iam:PassRole"], [f"{own}:role/{mine}"], passed),
        _allow("ServiceLinkedRoles", ["iam:CreateServiceLinkedRole", "iam:GetRole"], linked),
        _allow("Budgets", ["budgets:*"], [f"{base}:budgets::{deployment.account}:budget/{deployment.name}*"]),
        _allow("Inventory", needed.searches(), ["*"]),
        {
            "Sid": "NotItself",
            "Effect": "Deny",
            "Action": needed.role_changes(),
            "Resource": [ci_role_arn(deployment)],
        },
    )


def _principals(region: str) -> list[str]:
    """Who takes our roles; in China EC2 has a name of its own there, which other services have not."""
    own = ["ec2.amazonaws.com.cn"] if partition(region) == "aws-cn" else []
    return [*(f"{service}.amazonaws.com" for service in needed.passed_to()), *own]


def takes_role(arn: str) -> dict[str, Any]:
    """Take the role that the environment names; what that one may do is its owner's business."""
    return _document(_allow("Assume", ["sts:AssumeRole"], [arn]))


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
