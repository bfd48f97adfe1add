"""An object that arrives in a store calls what begins a pool's bursts, by way of EventBridge.

The store's bucket tells EventBridge of its objects (`storage.store`): within seconds as a rule, and at least once.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
"""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from tideform.components.base import Component
from tideform.registry.training import PoolOrder
from tideform.spec.project import Project
from tideform.spec.training import Trigger

_RETRIES, _OLDEST = 3, 900  # calls that do not get through are tried again for a quarter of an hour


class Arrivals(Component):
    """A rule for new objects of the store, and the leave to call the function."""

    def __init__(
        self, order: PoolOrder, trigger: Trigger, function: aws.lambda_.Function, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("arrivals", order.scope, opts)
        self.part = f"{order.scope.unit or order.name}-arrivals"
        rule = aws.cloudwatch.EventRule(
            self.part,
            name=self.scope.name(self.part, limit=64),
            description=f"Objects that begin a burst of {order.name}",
            event_pattern=json.dumps(pattern(self.scope.store_bucket(trigger.store), trigger.prefix), sort_keys=True),
            state="ENABLED",
            tags=self.scope.tags(),
            opts=self.named(),
        )
        allowed = self._permission(function, rule)
        aws.cloudwatch.EventTarget(
            self.part,
            rule=rule.name,
            target_id="starter",
            arn=function.arn,
            input_transformer=aws.cloudwatch.EventTargetInputTransformerArgs(
                input_paths={"time": "$.time"}, input_template='{"cause": "trigger", "time": <time>}'
            ),
            retry_policy=aws.cloudwatch.EventTargetRetryPolicyArgs(
                maximum_event_age_in_seconds=_OLDEST, maximum_retry_attempts=_RETRIES
            ),
            opts=self.named(after=[allowed]),
        )

    def _permission(self, function: aws.lambda_.Function, rule: aws.cloudwatch.EventRule) -> aws.lambda_.Permission:
        return aws.lambda_.Permission(
            self.part,
            function=function.name,
            statement_id="arrivals",
            action="lambda:InvokeFunction",
            principal="events.amazonaws.com",
            source_arn=rule.arn,
            opts=self.named(),
        )


def pattern(bucket: str, prefix: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html"""
    keys = {"object": {"key": [{"prefix": prefix}]}} if prefix else {}
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}, **keys},
    }


def watched(project: Project) -> frozenset[str]:
    """The stores whose new objects begin something."""
    return frozenset(pool.trigger.store for pool in project.training.values() if pool.trigger is not None)
