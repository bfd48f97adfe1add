"""The two roles of a pool's job: one it runs as, one that starts it."""

from __future__ import annotations

import pulumi

from tideform.components.base import Component
from tideform.components.iam.grants import fetch_secrets, pull_images, read, read_write, use_key
from tideform.components.iam.policies import Statement, allow, trust
from tideform.components.iam.roles import ServiceRole
from tideform.components.jobs.environment import image_of, tracking_arn
from tideform.components.storage.burst_places import images_repository, work_with_bursts
from tideform.registry.training import PoolOrder


class JobRoles(Component):
    """``job`` reads the inputs and writes the outputs; ``execution`` pulls the image, fetches secrets, writes the log.

    https://docs.aws.amazon.com/batch/latest/userguide/execution-IAM-role.html
    """

    def __init__(self, order: PoolOrder, log_name: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("job-roles", order.scope, opts)
        self.order = order
        unit = order.scope.unit or order.name
        job = self._role(f"{unit}-job", "What the pool's jobs may do", self._job_statements())
        execution = self._role(f"{unit}-execution", "Starts the pool's jobs", self._execution_statements(log_name))
        self.job_arn = self.scope.role_arn(self.scope.name(f"{unit}-job", limit=64))
        self.execution_arn = self.scope.role_arn(self.scope.name(f"{unit}-execution", limit=64))
        self.resources = [job.role, execution.role, *job.policies, *execution.policies]

    def _role(self, part: str, description: str, statements: list[Statement]) -> ServiceRole:
        tasks = trust("ecs-tasks.amazonaws.com", self.scope.account, arn_like=self.scope.arn("ecs", "*"))
        return ServiceRole(
            part, self.scope, trust=tasks, description=description, statements=statements, opts=self.nameless
        )

    def _job_statements(self) -> list[Statement]:
        job, scope = self.order.pool.job, self.scope
        statements = [
            *read(scope, [scope.store_bucket(store) for store in job.inputs]),
            *read_write(scope, [scope.store_bucket(store) for store in job.outputs]),
            *work_with_bursts(scope, self.order.scope.unit or self.order.name),
            use_key(scope),
        ]
        if scope.deployment.spec.tracking is not None:
            statements.append(allow("Track", ["sagemaker-mlflow:*"], [tracking_arn(scope)]))
        return statements

    def _execution_statements(self, log_name: str) -> list[Statement]:
        scope = self.scope
        group = scope.arn("logs", f"log-group:{log_name}:*")
        statements = [allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], [group])]
        # Where a job has an execution role, the agent pulls with it and not with the instance's.
        statements += pull_images(scope, image_of(self.order.pool.job.image, scope))
        if self.order.pool.job.build is not None:
            built = image_of(images_repository(scope.deployment), scope)
            statements += [{**one, "Sid": f"{one['Sid']}Built"} for one in pull_images(scope, built)[:1]]
        return [*statements, *fetch_secrets(scope, self.order.pool.job.secrets.values())]
