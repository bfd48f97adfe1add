"""Failed jobs of a pool, told one by one as they happen; each backend has its own event for them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from tideform.backends.training.sagemaker.names import job_prefix
from tideform.components.base import Component
from tideform.components.monitoring.topic import AlertTopic
from tideform.components.scope import Scope
from tideform.pools.names import PoolNames


class FailedJobs(Component):
    """A rule that sees each failed job of the pool and tells the topic its name and the reason."""

    def __init__(self, pool: str, scope: Scope, alerts: AlertTopic, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"failed-jobs-{pool}", scope, opts)
        self.rule_name = rule_name(pool, scope)
        failure = _failure(pool, scope)
        rule = aws.cloudwatch.EventRule(
            pool,
            name=self.rule_name,
            description=f"Failed jobs of pool {pool}",
            event_pattern=json.dumps(failure.pattern, sort_keys=True),
            state="ENABLED",
            tags=scope.tags(),
            opts=self.named(),
        )
        aws.cloudwatch.EventTarget(
            pool,
            rule=rule.name,
            target_id="alerts",
            arn=alerts.topic.arn,
            input_transformer=aws.cloudwatch.EventTargetInputTransformerArgs(
                input_paths={"job": failure.job, "reason": failure.reason},
                input_template=f'"Job <job> of pool {pool} failed: <reason>"',
            ),
            opts=self.named(after=[alerts.policy]),
        )


def rule_name(pool: str, scope: Scope) -> str:
    """The rule's name; EventBridge allows 64 characters."""
    return scope.name(f"{pool}-failed", limit=64)


def tells(backend: str) -> bool:
    """Whether AWS tells of a backend's failed jobs.

    Of commands on ec2 machines and of jobs in a cluster it knows nothing: they end in the terminal that started them.
    """
    return backend in ("batch", "sagemaker")


@dataclass(frozen=True)
class Failure:
    """A backend's event of a failed job, and where in it the job's name and the reason stand."""

    pattern: dict[str, Any]
    job: str
    reason: str


def _failure(pool: str, scope: Scope) -> Failure:
    """The event for a pool, by the name that it was made under."""
    deployment = scope.deployment
    backends = {deployment.identity("training", name): one.backend for name, one in deployment.spec.training.items()}
    return _of_sagemaker(pool, scope) if backends.get(pool) == "sagemaker" else _of_batch(pool, scope)


def _of_batch(pool: str, scope: Scope) -> Failure:
    """https://docs.aws.amazon.com/batch/latest/userguide/batch_job_events.html"""
    queue = scope.arn("batch", f"job-queue/{PoolNames(scope.deployment, pool).job_queue}")
    pattern = {
        "source": ["aws.batch"],
        "detail-type": ["Batch Job State Change"],
        "detail": {"status": ["FAILED"], "jobQueue": [queue]},
    }
    return Failure(pattern, "$.detail.jobName", "$.detail.statusReason")


def _of_sagemaker(pool: str, scope: Scope) -> Failure:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html"""
    names = [{"prefix": job_prefix(scope.deployment, pool)}]
    pattern = {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Training Job State Change"],
        "detail": {"TrainingJobStatus": ["Failed"], "TrainingJobName": names},
    }
    return Failure(pattern, "$.detail.TrainingJobName", "$.detail.FailureReason")
