"""The project's encryption key and who may use it."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.iam.policies import Statement, document
from tideform.components.scope import Scope


class ProjectKey(Component):
    """One customer-managed key for everything of this project in this environment, rotated every year."""

    def __init__(self, scope: Scope, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("key", scope, opts)
        self.key = aws.kms.Key(
            "key",
            description=f"Data, logs and disks of {scope.deployment.name}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=document(*key_statements(scope)),
            tags=scope.tags(scope.deployment.name),
            opts=self.nameless,
        )
        aws.kms.Alias("key", name=f"alias/{scope.deployment.name}", target_key_id=self.key.key_id, opts=self.named())


def key_statements(scope: Scope) -> list[Statement]:
    """The key's policy. In a key policy the resource ``*`` means this key."""
    spec = scope.deployment.spec
    statements = [_administration(scope), _logs(scope), _alerts(scope)]
    if spec.training:
        statements += [_events(), *_disks(scope)]
    if spec.compliance.frameworks:
        statements += _audit(scope)
    return statements


def _administration(scope: Scope) -> Statement:
    """Without this a key can become unmanageable; use by roles stays subject to their IAM policies.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    root = f"arn:{scope.partition}:iam::{scope.account}:root"
    return _statement("AccountAdministersByIam", {"AWS": root}, ["kms:*"], None)


def _logs(scope: Scope) -> Statement:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"""
    name = scope.deployment.name
    groups = [f"{scope.log_prefix}/*", f"/aws/sagemaker/Endpoints/{name}-*", f"/aws/lambda/{name}-*"]
    return _statement(
        "LogsEncryptOurGroups",
        {"Service": f"logs.{scope.region}.{scope.dns_suffix}"},
        ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": [scope.arn("logs", f"log-group:{g}") for g in groups]}},
    )


def _alerts(scope: Scope) -> Statement:
    """Alarms and budgets publish to the encrypted topic.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    return _statement(
        "AlarmsAndBudgetsPublish",
        {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]},
        ["kms:Decrypt", "kms:GenerateDataKey*"],
        {"StringEquals": {"aws:SourceAccount": scope.account}},
    )


def _events() -> Statement:
    """Events of failed jobs go to the topic; EventBridge sends no source account or ARN along with them.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    return _statement(
        "EventsPublish", {"Service": "events.amazonaws.com"}, ["kms:Decrypt", "kms:GenerateDataKey*"], None
    )


def _disks(scope: Scope) -> list[Statement]:
    """EC2 launches with encrypted disks under service-linked roles, which IAM policies do not reach.

    They are matched by a condition, since naming one that the account does not have yet would make the policy invalid.
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
    """
    launchers = ("autoscaling", "batch", "ec2fleet", "spot")
    ours = {
        "ArnLike": {
            "aws:PrincipalArn": [scope.role_arn(f"aws-service-role/{name}.amazonaws.com/*") for name in launchers]
        }
    }
    use = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    grant = {**ours, "Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [
        _statement("LaunchesEncryptDisks", {"AWS": "*"}, use, ours),
        _statement("LaunchesAttachDisks", {"AWS": "*"}, ["kms:CreateGrant"], grant),
    ]


def _audit(scope: Scope) -> list[Statement]:
    """https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html"""
    trail = scope.arn("cloudtrail", f"trail/{scope.name('audit', limit=128)}")
    service = {"Service": "cloudtrail.amazonaws.com"}
    source = {"aws:SourceArn": trail}
    context = {"kms:EncryptionContext:aws:cloudtrail:arn": trail}
    return [
        _statement("TrailEncryptsLogs", service, ["kms:GenerateDataKey*"], {"StringEquals": {**source, **context}}),
        _statement("TrailDescribesKey", service, ["kms:DescribeKey"], {"StringEquals": source}),
    ]


def _statement(
    sid: str, principal: Mapping[str, object], actions: list[str], condition: Mapping[str, object] | None
) -> Statement:
    statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"}
    return statement if condition is None else {**statement, "Condition": condition}
