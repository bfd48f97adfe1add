"""Which machine an interruption on demand takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tests.unit.burst.fakes import FakeRunner
from tests.unit.sandbox.waiting import until
from tideform.burst.halt import silent
from tideform.burst.interruption import Interruptions
from tideform.burst.runner import Instance, Job
from tideform.cloud import Cloud
from tideform.spec.deployment import Deployment


@dataclass
class Machines:
    """An EC2 that only ends machines; stands for the cloud, too."""

    runner: Jobs
    ended: list[str] = field(default_factory=list)

    def client(self, _service: str) -> Machines:
        return self

    def terminate_instances(self, InstanceIds: list[str]) -> None:  # noqa: N803  # as boto3 calls it
        self.ended += InstanceIds
        self.runner.instances = tuple(one for one in self.runner.instances if one.id not in InstanceIds)


@dataclass
class Jobs(FakeRunner):
    """Two machines, and the jobs that a test wants."""

    there: tuple[Job, ...] = ()

    def jobs(self) -> tuple[Job, ...]:
        return self.there


def taken(*jobs: Job) -> list[str]:
    runner = Jobs([], there=jobs)
    runner.instances = tuple(Instance(name, "c5.large", "running", spot=False, launched=0.0) for name in ("i-a", "i-b"))
    machines = Machines(runner)
    deployment = cast(Deployment, None)  # only a spot machine is taken back through the workspace's market
    with Interruptions(cast(Cloud, machines), deployment, runner, (0.0,), silent).during():
        until(lambda: machines.ended)
    return machines.ended


def job(**words: Any) -> Job:
    return Job("1", "train", words.pop("status", "RUNNING"), "lease", **words)


@pytest.mark.parametrize("machine", ["i-a", "i-b"])
def test_it_is_the_one_that_the_job_runs_on(machine: str) -> None:
    assert taken(job(nodes=(machine,))) == [machine]


def test_it_is_any_of_the_pools_where_the_backend_does_not_tell() -> None:
    assert taken(job()) == ["i-a"]


def test_a_job_that_does_not_run_yet_is_not_counted() -> None:
    assert taken(job(status="PENDING", nodes=("i-a",)), job(nodes=("i-b",))) == ["i-b"]
