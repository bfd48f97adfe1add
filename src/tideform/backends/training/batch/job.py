"""The job of a Batch pool: what runs, as whom, with which share of a machine, and where it logs."""

from __future__ import annotations

import json
from typing import Any

import pulumi_aws as aws

from tideform.components.base import Component
from tideform.components.jobs.command import gathered, with_empty
from tideform.components.jobs.environment import empty_variables, image_of, secret_arn, variables
from tideform.components.jobs.roles import JobRoles
from tideform.components.monitoring.logs import own_log_group
from tideform.pools.log_groups import job_log_group
from tideform.pools.names import PoolNames
from tideform.pools.network_cards import cards
from tideform.pools.shape import PoolShape
from tideform.registry.training import PoolOrder

_LOCKED_MEMORY = {"name": "memlock", "softLimit": -1, "hardLimit": -1}  # libfabric registers what it sends


class BatchJob(Component):
    """A job definition that takes a whole machine, and what it needs: roles, and its log group unless that stays."""

    def __init__(self, order: PoolOrder, shape: PoolShape) -> None:
        super().__init__("job", order.scope, order.opts)
        self.order, self.shape, self.unit = order, shape, order.scope.unit or order.name
        self.log_name = job_log_group(self.scope.deployment, order.name)
        logs = own_log_group(order, self.unit, self.log_name, self.named())
        self.roles = JobRoles(order, self.log_name, self.nameless)
        self.definition = aws.batch.JobDefinition(
            self.unit,
            name=PoolNames(self.scope.deployment, order.name).job_definition,
            platform_capabilities=["EC2"],
            **self._what(),
            retry_strategy=_retry_reclaimed(),
            timeout=aws.batch.JobDefinitionTimeoutArgs(
                attempt_duration_seconds=max(order.pool.lease.seconds, 60)  # Batch takes no less
            ),
            propagate_tags=True,
            tags=self.scope.tags(),
            opts=self.named(after=[*logs, *self.roles.resources]),
        )

    def _what(self) -> dict[str, Any]:
        """A container, or one for each of several nodes, all alike.

        https://docs.aws.amazon.com/batch/latest/APIReference/API_NodeProperties.html
        """
        container, nodes = self._container(), self.order.pool.job.nodes
        if nodes == 1:
            return {"type": "container", "container_properties": json.dumps(container, sort_keys=True)}
        container["command"] = gathered(container["command"])
        properties = {
            "numNodes": nodes,
            "mainNode": 0,
            "nodeRangeProperties": [{"targetNodes": "0:", "container": container}],
        }
        return {"type": "multinode", "node_properties": json.dumps(properties, sort_keys=True)}

    def _container(self) -> dict[str, Any]:
        """https://docs.aws.amazon.com/batch/latest/APIReference/API_ContainerProperties.html"""
        job = self.order.pool.job
        return {
            "image": image_of(job.image, self.scope),
            "command": with_empty(job.command, empty_variables(job)),
            "jobRoleArn": self.roles.job_arn,
            "executionRoleArn": self.roles.execution_arn,
            "resourceRequirements": self._resources(),
            "environment": [{"name": name, "value": value} for name, value in variables(self.order).items() if value],
            "secrets": [
                {"name": name, "valueFrom": secret_arn(reference, self.scope)}
                for name, reference in sorted(job.secrets.items())
            ],
            # Data loaders hand batches to each other here, and the default of 64 MiB ends them.
            "linuxParameters": {"sharedMemorySize": self.shape.memory_mib // 4, **self._adapters()},
            **({"ulimits": [_LOCKED_MEMORY]} if self.order.pool.interconnect == "efa" else {}),
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": self.log_name,
                    "awslogs-region": self.scope.region,
                    "awslogs-stream-prefix": self.unit,
                },
            },
        }

    def _adapters(self) -> dict[str, Any]:
        """EFA's devices, which a container does not see by itself.

        https://docs.aws.amazon.com/batch/latest/userguide/efa.html
        """
        if self.order.pool.interconnect != "efa":
            return {}
        paths = [f"/dev/infiniband/uverbs{place}" for place in range(cards(self.shape))]
        may = ["READ", "WRITE", "MKNOD"]
        return {"devices": [{"hostPath": path, "containerPath": path, "permissions": may} for path in paths]}

    def _resources(self) -> list[dict[str, str]]:
        wanted = {"VCPU": self.shape.vcpus, "MEMORY": self.shape.memory_mib, "GPU": self.shape.accelerators}
        return [{"type": kind, "value": str(value)} for kind, value in wanted.items() if value]


def _retry_reclaimed() -> aws.batch.JobDefinitionRetryStrategyArgs:
    """Try again when the spot market took the machine; a job that fails by itself fails at once.

    Batch gives the actions back in lower case, whatever it was sent.
    https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html
    """
    rule = aws.batch.JobDefinitionRetryStrategyEvaluateOnExitArgs
    return aws.batch.JobDefinitionRetryStrategyArgs(
        attempts=5,
        evaluate_on_exits=[
            rule(action="retry", on_status_reason="Host EC2*"),
            rule(action="exit", on_reason="*"),
        ],
    )
