"""What stands of a SageMaker pool between bursts: the role that its jobs run as, which costs nothing.

https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createtrainingjob-perms
"""

from __future__ import annotations

from tideform.backends.serving.sagemaker.role import join_network
from tideform.backends.training.sagemaker.names import LOG_GROUP, TrainingNames
from tideform.components.base import Component
from tideform.components.iam.grants import grant_key, pull_images, read, read_write, use_key
from tideform.components.iam.policies import Statement, allow, trust
from tideform.components.iam.roles import ServiceRole
from tideform.components.jobs.environment import image_of, tracking_arn
from tideform.components.storage.burst_places import work_with_bursts
from tideform.registry.training import PoolOrder


class TrainingRole(Component):
    """A training job's execution role: SageMaker pulls, logs and joins the network as it, and the job runs as it.

    Nodes of one job talk to each other inside the workloads' security group, which foundation keeps.
    """

    def __init__(self, order: PoolOrder) -> None:
        super().__init__("training-job", order.scope, order.opts)
        self.names = TrainingNames(order.scope.deployment, order.name)
        self.role = ServiceRole(
            f"{self.names.unit}-training",
            self.scope,
            trust=trust("sagemaker.amazonaws.com", self.scope.account),
            description="What the pool's training jobs may do",
            statements=statements(order),
            opts=self.nameless,
        )


def statements(order: PoolOrder) -> list[Statement]:
    """Read the inputs, write the outputs (models and checkpoints lie there), and what SageMaker does as the job."""
    job, scope = order.pool.job, order.scope
    found = [
        *read(scope, [scope.store_bucket(store) for store in job.inputs]),
        *read_write(scope, [scope.store_bucket(store) for store in job.outputs]),
        *work_with_bursts(scope, TrainingNames(scope.deployment, order.name).unit),
        use_key(scope),
        grant_key(scope),
        *_log(order),
        *pull_images(scope, image_of(job.image, scope)),
        *join_network(scope),
    ]
    if scope.deployment.spec.tracking is not None:
        found.append(allow("Track", ["sagemaker-mlflow:*"], [tracking_arn(scope)]))
    return found


def _log(order: PoolOrder) -> list[Statement]:
    scope, prefix = order.scope, TrainingNames(order.scope.deployment, order.name).prefix
    group = scope.arn("logs", f"log-group:{LOG_GROUP}")
    # Metrics have no ARN: CloudWatch takes only `*`, so the namespace is the bound.
    namespaces = {"StringEquals": {"cloudwatch:namespace": ["/aws/sagemaker/TrainingJobs"]}}
    return [
        allow("MakeLogGroup", ["logs:CreateLogGroup", "logs:DescribeLogStreams"], [group, f"{group}:*"]),
        allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], [f"{group}:log-stream:{prefix}*"]),
        allow("Measure", ["cloudwatch:PutMetricData"], ["*"], namespaces),
    ]
