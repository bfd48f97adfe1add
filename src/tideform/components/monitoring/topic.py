"""Whom alarms tell: an encrypted topic, who may publish to it, and its subscribers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.iam.policies import Statement, document
from tideform.components.scope import Scope
from tideform.spec.monitoring import Notify


class AlertTopic(Component):
    """One topic a deployment; only our alarms, budgets and event rules may publish."""

    def __init__(
        self,
        scope: Scope,
        notify: Iterable[Notify],
        *,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("alerts", scope, opts)
        name = scope.name("alerts", limit=256)
        self.topic = aws.sns.Topic("alerts", name=name, kms_master_key_id=key_arn, tags=scope.tags(), opts=self.named())
        self.policy = aws.sns.TopicPolicy(
            "alerts",
            arn=self.topic.arn,
            policy=document(*publishers(scope, scope.arn("sns", name))),
            opts=self.named(),
        )
        for protocol, endpoint in receivers(notify):
            aws.sns.TopicSubscription(
                f"{protocol}-{endpoint}",
                topic=self.topic.arn,
                protocol=protocol,
                endpoint=endpoint,
                opts=self.named(),
            )


def receivers(notify: Iterable[Notify]) -> Iterator[tuple[str, str]]:
    """Protocol and address of each subscriber."""
    for receiver in notify:
        addresses = {"email": receiver.email, "sqs": receiver.sqs, "https": receiver.https}
        yield from ((protocol, address) for protocol, address in addresses.items() if address)


def publishers(scope: Scope, topic_arn: str) -> list[Statement]:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html"""
    ours = {"StringEquals": {"aws:SourceAccount": scope.account}}
    rules = {"ArnLike": {"aws:SourceArn": scope.arn("events", f"rule/{scope.deployment.name}-*")}}
    return [
        _publish("Alarms", "cloudwatch.amazonaws.com", topic_arn, ours),
        _publish("Budgets", "budgets.amazonaws.com", topic_arn, ours),
        _publish("Events", "events.amazonaws.com", topic_arn, rules),
        {
            "Sid": "DenyWithoutTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": topic_arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]


def _publish(sid: str, service: str, topic_arn: str, condition: dict[str, dict[str, str]]) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sns:Publish",
        "Resource": topic_arn,
        "Condition": condition,
    }
