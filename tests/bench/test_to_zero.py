"""From the end of a job to zero capacity: how long machines cost money that nobody uses, on the local target.

The job's end is the sandbox's record of it, the last machine's is in the sandbox's own bill, and both go by the
sandbox's clock. ``pytest -m bench -s tests/bench/test_to_zero.py`` prints the figures. The goal is five seconds; what
is judged is the ratio to a whole burst of the same pool, since the machine does other things as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

import pytest

from tests.bench.measure import Ratio
from tests.e2e.workspaces import Workspace, applied
from tideform.local.client import bill

pytestmark = pytest.mark.bench

GOAL = 5.0  # seconds
RUNS = 3
SPEC = """\
version: 1
project: tozero
owner: ml@example.com
region: us-east-1
environments: {dev: {target: local}}
storage: {scratch: {kind: scratch}}
training:
  batch: {instance_types: [c5.large], lease: 30m, job: &job {image: trainer, command: ["true"]}}
  ec2: {backend: ec2, instance_types: [c5.large], lease: 30m, job: *job}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with applied(tmp_path_factory.mktemp("tozero"), SPEC) as made:
        yield made


@pytest.fixture(scope="module")
def record() -> Iterator[Callable[[Ratio], None]]:
    kept: list[Ratio] = []
    yield kept.append
    print(f"\n\n| figure (goal {GOAL:g} s) | baseline | measured | ratio | limit |\n|---|---|---|---|---|")
    print("\n".join(ratio.row() for ratio in kept))


def batch_job_ended(project: Workspace) -> float:
    """The last one's ``stoppedAt``."""
    batch = project.cloud.client("batch")
    [queue] = [each["jobQueueName"] for each in batch.describe_job_queues()["jobQueues"]]
    ended = [
        float(job["stoppedAt"]) / 1000
        for status in ("SUCCEEDED", "FAILED")
        for job in batch.list_jobs(jobQueue=queue, jobStatus=status)["jobSummaryList"]
    ]
    return max(ended)


def ec2_command_ended(project: Workspace) -> float:
    """The last command's end on its last machine."""
    found = project.cloud.client("ssm").list_command_invocations(Details=True)["CommandInvocations"]
    return max(float(one["CommandPlugins"][0]["ResponseFinishDateTime"].timestamp()) for one in found)


def last_machine_ended(project: Workspace, pool: str) -> float:
    machines = bill(project.folder)["machines"]
    return max(float(each["ended"]) for each in machines if each["tags"].get("tideform:unit") == pool)


@pytest.mark.parametrize(("pool", "job_ended"), [("batch", batch_job_ended), ("ec2", ec2_command_ended)])
def test_capacity_is_gone_in_a_part_of_the_time_of_a_burst(
    project: Workspace, pool: str, job_ended: Callable[[Workspace], float], record: Callable[[Ratio], None]
) -> None:
    whole, idle = [], []
    for _ in range(RUNS):
        began = time.perf_counter()
        ran = project.run("burst", "run", pool)
        whole.append(time.perf_counter() - began)
        assert ran.returncode == 0, ran.stderr
        idle.append(last_machine_ended(project, pool) - job_ended(project))
    ratio = Ratio(f"job's end to zero capacity, {pool}", "its whole burst", median(whole), median(idle), 0.5)
    record(ratio)
    assert ratio.value <= ratio.limit
