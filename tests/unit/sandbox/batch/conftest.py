"""A network, roles, and Batch definitions in a sandbox, as a pool would have them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from tests.unit.sandbox.batch.ground import laid
from tests.unit.sandbox.waiting import until
from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace

_NUMBERS = count(1)
GROUP = "/tideform/jobs"


@dataclass
class Pool:
    """One compute environment with its queue; names are its own."""

    cloud: Cloud
    workspace: Workspace
    environment: str
    queue: str
    definitions: list[str] = field(default_factory=list)

    @property
    def batch(self) -> Any:
        return self.cloud.client("batch")

    def submit(self, *command: str, **settings: Any) -> str:
        """Define and submit a job; returns its id. ``settings`` go to the definition, ``submission`` to SubmitJob."""
        submission = settings.pop("submission", {})
        container = {
            "image": "trainer",
            "command": list(command),
            "resourceRequirements": [{"type": "VCPU", "value": "4"}, {"type": "MEMORY", "value": "4096"}],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": GROUP}},
            **settings.pop("container", {}),
        }
        name = f"job-{next(_NUMBERS)}"
        definition = self.batch.register_job_definition(
            jobDefinitionName=name, type="container", containerProperties=container, **settings
        )["jobDefinitionArn"]
        submitted = self.batch.submit_job(jobName=name, jobQueue=self.queue, jobDefinition=definition, **submission)
        return str(submitted["jobId"])

    def python(self, code: str, **settings: Any) -> str:
        """Submit a job that runs a line of Python."""
        return self.submit("python", "-c", code, **settings)

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.batch.describe_jobs(jobs=[job_id])["jobs"][0]
        return found

    def ended(self, job_id: str) -> dict[str, Any]:
        """The job, once it is over."""
        until(lambda: self.job(job_id)["status"] in ("SUCCEEDED", "FAILED"))
        return self.job(job_id)

    def running(self, job_id: str) -> dict[str, Any]:
        """The job, once it runs."""
        until(lambda: self.job(job_id)["status"] not in ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING"))
        return self.job(job_id)

    def lines(self, stream: str) -> list[str]:
        """What a log stream holds."""
        logs = self.cloud.client("logs")
        events = logs.get_log_events(logGroupName=GROUP, logStreamName=stream, startFromHead=True)["events"]
        return [event["message"] for event in events]

    def instances(self) -> list[dict[str, Any]]:
        """This pool's instances that have not ended."""
        own = {"Name": "tag:aws:autoscaling:groupName", "Values": [f"AWSBatch-{self.environment}-*"]}
        alive = {"Name": "instance-state-name", "Values": ["pending", "running"]}
        answer = self.cloud.client("ec2").describe_instances(Filters=[own, alive])
        return [instance for reservation in answer["Reservations"] for instance in reservation["Instances"]]

    def update(self, **changes: Any) -> None:
        self.batch.update_compute_environment(computeEnvironment=self.environment, **changes)

    def advance(self, seconds: float) -> None:
        client.advance_clock(self.workspace, seconds)


@pytest.fixture(scope="module")
def ground(cloud: Cloud) -> dict[str, Any]:
    """What environments stand on: ``computeResources`` that every pool shares."""
    return laid(cloud, GROUP, "g5.xlarge", "g5.4xlarge")


@pytest.fixture
def pool_of(cloud: Cloud, workspace: Workspace, ground: dict[str, Any]) -> Callable[..., Pool]:
    """Make a pool; arguments replace parts of its ``computeResources``."""

    def make(**resources: Any) -> Pool:
        batch, number = cloud.client("batch"), next(_NUMBERS)
        pool = Pool(cloud, workspace, f"environment-{number}", f"queue-{number}")
        batch.create_compute_environment(
            computeEnvironmentName=pool.environment, type="MANAGED", computeResources={**ground, **resources}
        )
        order = [{"order": 1, "computeEnvironment": pool.environment}]
        batch.create_job_queue(jobQueueName=pool.queue, priority=1, state="ENABLED", computeEnvironmentOrder=order)
        return pool

    return make


@pytest.fixture
def pool(pool_of: Callable[..., Pool]) -> Pool:
    return pool_of()
