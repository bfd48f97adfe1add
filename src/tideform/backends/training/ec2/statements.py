"""What the machines of an ``ec2`` pool may do: what its job may, and to start it. Pure."""

from __future__ import annotations

from tideform.components.iam.grants import fetch_secrets, pull_images, read, read_write, use_key
from tideform.components.iam.policies import Statement, allow
from tideform.components.jobs.environment import image_of, tracking_arn
from tideform.components.storage.burst_places import work_with_bursts
from tideform.registry.training import PoolOrder


def statements(order: PoolOrder, log_name: str) -> list[Statement]:
    """Read the inputs, write the outputs and checkpoints, pull the image, fetch the secrets, write the log."""
    scope, job = order.scope, order.pool.job
    group = scope.arn("logs", f"log-group:{log_name}")
    found = [
        *read(scope, [scope.store_bucket(store) for store in job.inputs]),
        *read_write(scope, [scope.store_bucket(store) for store in job.outputs]),
        *work_with_bursts(scope, scope.unit or order.name),
        use_key(scope),
        *pull_images(scope, image_of(job.image, scope)),
        allow("Log", ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], [group, f"{group}:*"]),
        # The agent looks for the log group among all of them before it writes.
        allow("FindLogs", ["logs:DescribeLogGroups"], [scope.arn("logs", "log-group:*")]),
    ]
    if scope.deployment.spec.tracking is not None:
        found.append(allow("Track", ["sagemaker-mlflow:*"], [tracking_arn(scope)]))
    return [*found, *fetch_secrets(scope, job.secrets.values())]
