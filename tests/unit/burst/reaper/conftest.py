"""The real sandbox, and a Batch pool in it as `apply` would leave it, for whatever ends capacity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from tests.unit.sandbox.batch.ground import laid
from tests.unit.sandbox.waiting import until
from tideform.backends.training.batch.in_account import ending as batch
from tideform.cloud import Cloud
from tideform.local import client
from tideform.paths import Workspace
from tideform.spec.deployment import SANDBOX_ACCOUNT

_NUMBERS = count(1)
GROUP = "/tideform/reaped"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    made = Workspace(tmp_path_factory.mktemp("reaped"))
    yield made
    client.stop(made)


@pytest.fixture(scope="module")
def cloud(workspace: Workspace) -> Cloud:
    return Cloud("us-east-1", SANDBOX_ACCOUNT, credentials=client.ensure(workspace).credentials)


@dataclass
class Reaped:
    """One pool: its handle, and what a burst does to it."""

    cloud: Cloud
    environment: str
    handle: dict[str, Any]

    def raise_to(self, vcpus: int) -> None:
        """Bring capacity, as a burst does, and wait for it."""
        environment = batch.environments(self.cloud, self.handle)[0]
        batch.update(self.cloud, environment, state="ENABLED", minvCpus=vcpus)
        batch.set_queue(self.cloud, self.handle, "ENABLED")
        until(lambda: len(self.standing()) * 2 >= vcpus)

    def environment_now(self) -> dict[str, Any]:
        """The environment as Batch describes it."""
        return batch.environments(self.cloud, self.handle)[0]

    def standing(self) -> list[str]:
        """The ids of the machines that still cost money."""
        return [n.id for n in batch.nodes(self.cloud, self.handle) if n.state in ("pending", "running")]

    def submit(self, lease: str, tags: Mapping[str, str] | None = None) -> str:
        """A job that ends when it is told to, under a lease; returns its id once it runs."""
        made = self.queue_up(lease, tags)
        until(lambda: self.status(made) == "RUNNING")
        return made

    def queue_up(self, lease: str, tags: Mapping[str, str] | None = None) -> str:
        """The same, and it may wait for machines."""
        api = self.cloud.client("batch")
        container = {
            "image": "trainer",
            "command": ["python", "-c", "import signal; signal.pause()"],
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "256"}],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": GROUP}},
        }
        definition = api.register_job_definition(
            jobDefinitionName=f"job-{next(_NUMBERS)}", type="container", containerProperties=container
        )["jobDefinitionArn"]
        asked = {"jobName": f"fit-{lease}", "jobQueue": self.handle["job_queue"], "jobDefinition": definition}
        return str(api.submit_job(**asked, tags=dict(tags or {}))["jobId"])

    def status(self, job: str) -> str:
        return str(self.cloud.client("batch").describe_jobs(jobs=[job])["jobs"][0]["status"])

    def end(self) -> None:
        """Step until nothing is left."""
        until(lambda: batch.stop(self.cloud, self.handle))


@pytest.fixture(scope="module")
def ground(cloud: Cloud) -> dict[str, Any]:
    return laid(cloud, GROUP, "c5.large")


@pytest.fixture
def pool_of(cloud: Cloud, ground: dict[str, Any]) -> Iterator[Callable[..., Reaped]]:
    """Make a pool; arguments replace parts of its ``computeResources``. It ends with the test."""
    made: list[Reaped] = []

    def make(**resources: Any) -> Reaped:
        number = next(_NUMBERS)
        tags = {"tideform:project": "demo", "tideform:environment": "dev", "tideform:unit": f"fit-{number}"}
        api, queue = cloud.client("batch"), f"demo-dev-fit-{number}"
        environment = f"{queue}-on-demand-{number:08x}"
        api.create_compute_environment(
            computeEnvironmentName=environment,
            type="MANAGED",
            computeResources={**ground, "tags": tags, **resources},
        )
        order = [{"order": 1, "computeEnvironment": environment}]
        api.create_job_queue(jobQueueName=queue, priority=1, state="DISABLED", computeEnvironmentOrder=order)
        pool = f"fit-{number}"
        made.append(Reaped(cloud, environment, {"backend": "batch", "pool": pool, "tags": tags, "job_queue": queue}))
        return made[-1]

    yield make
    for pool in made:
        pool.end()


@pytest.fixture
def pool(pool_of: Callable[..., Reaped]) -> Reaped:
    return pool_of()
